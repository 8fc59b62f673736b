import Lathe
import LatheLanguage
import LatheNN

/// A decoder as a trainer runs it, on rows of tokens or of several sequences.
package final class CausalModule: NamedModule {
  private let model: any CausalModel

  package init(_ model: any CausalModel) { self.model = model }

  /// Scores of the next token [n, t, vocabulary].
  package func forward(_ inputs: NamedTensors) -> NamedTensors {
    let tokens = inputs[NamedTensors.inputs]
    guard let sequences = inputs.find(PackedText.Name.sequences), let model = model as? any PackingModel
    else {
      return [NamedTensors.output: model.logits(tokens)]
    }
    let packing = SequencePacking(sequences: sequences, positions: inputs[PackedText.Name.positions])
    return [NamedTensors.output: model.logits(tokens, packing: packing)]
  }

  package func visit(_ visitor: inout ModuleVisitor) { model.visit(&visitor) }
}
