import Lathe
import LatheLanguage
import LatheNN

/// An encoder with a head that finds answers, whose scores are those of all tokens as the first and as the last one.
///
/// Paths of the weights are those of the network below.
package final class AnsweringNetwork: NamedModule {
  let network: QuestionAnswerer

  package init(_ network: QuestionAnswerer) { self.network = network }

  /// Computes scores [n, 2, t], of which those of padding are -infinity.
  package func forward(_ inputs: NamedTensors) -> NamedTensors {
    let scores = network(inputs)[NamedTensors.output].transposed(1, 2)
    guard let counts = inputs.find(NamedTensors.padding) else { return [NamedTensors.output: scores] }
    return [NamedTensors.output: scores.maskedFill(counts.unsqueezed(1) .== false, -Float.infinity)]
  }

  package func visit(_ visitor: inout ModuleVisitor) { network.visit(&visitor) }
}
