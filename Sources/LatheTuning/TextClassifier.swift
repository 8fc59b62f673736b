import Lathe
import LatheAdapters
import LatheData
import LatheFiles
import LatheLanguage
import LatheNN
import LatheText
import LatheTraining

/// Tells how likely each class of a text is.
public protocol TextClassifying {
  /// The classes' names.
  var classes: [String] { get }

  /// The probability of each class for each text.
  ///
  /// - Parameters:
  ///   - texts: The texts.
  ///   - pairs: The second text of each, where pairs are told apart.
  ///   - batchSize: Texts at a time.
  /// - Throws: `LatheError` where a text cannot be encoded or the device fails.
  func probabilities(_ texts: [String], pairs: [String]?, batchSize: Int) throws -> [[Float]]
}

extension TextClassifying {
  /// The probability of each class for each text, 32 texts at a time.
  ///
  /// - Throws: `LatheError` where a text cannot be encoded or the device fails.
  public func probabilities(_ texts: [String], pairs: [String]? = nil) throws -> [[Float]] {
    try probabilities(texts, pairs: pairs, batchSize: 32)
  }
}

/// A fine-tuned network that tells classes of texts, as a run stores it.
public final class TextClassifier: TextClassifying {
  /// The network, in evaluation mode.
  public let model: SequenceClassifier
  /// What makes its tokens.
  public let tokenizer: Tokenizer
  /// The most tokens of a text; what is longer is cut.
  public let length: Int
  /// The adapters on the network; nil without.
  public let adapters: ModelAdapters?
  /// Where it computes.
  public let device: Device

  init(model: SequenceClassifier, tokenizer: Tokenizer, length: Int, adapters: ModelAdapters?, device: Device)
  {
    (self.model, self.tokenizer, self.length) = (model, tokenizer, length)
    (self.adapters, self.device) = (adapters, device)
  }

  /// Loads the model of a run: the weights of its best epoch, or of its last checkpoint where none has ended.
  ///
  /// - Parameters:
  ///   - folder: The run's folder.
  ///   - device: Where it computes.
  /// - Throws: `LatheError` where the folder is none of such a run or a file is damaged.
  public convenience init(run folder: String, device: Device = .default) throws {
    let plan = try TextClassifierPlan(folder: folder)
    let source = LayerSource(generator: Generator(seed: 0), device: device)
    let model = try SequenceClassifier(
      ConfigurationValues(path: "\(folder)/\(TextClassifierPlan.networkName)"), from: source)
    let adapters = try plan.tuning.apply(
      to: model, heads: plan.heads ?? model.headPaths, steps: 1, generator: Generator(seed: 0))
    let best = "\(folder)/\(ModelFolder.bestName)"
    try model.load(from: FileErrors.exists(best) ? best : folder)
    model.eval()
    self.init(
      model: model, tokenizer: try Tokenizer(path: "\(folder)/tokenizer.json"), length: plan.length,
      adapters: adapters, device: device)
  }

  /// The classes' names.
  public var classes: [String] { model.labels }

  /// The probability of each class for each text.
  ///
  /// - Parameters:
  ///   - texts: The texts; what is longer than the network takes is cut at its end.
  ///   - pairs: The second text of each, for a network that learned from pairs.
  ///   - batchSize: Texts at a time.
  /// - Throws: `LatheError` where a text cannot be encoded or the device fails.
  public func probabilities(
    _ texts: [String], pairs: [String]?, batchSize: Int
  ) throws -> [[Float]] {
    guard texts.count == pairs?.count ?? texts.count else {
      throw LatheError(.invalidArgument, "\(texts.count) texts and \(pairs?.count ?? 0) second ones")
    }
    let encodings = try tokenizer.shortening(to: length).encodings(texts, pairs)
    let tokens = encodings.map(\.ids)
    // Texts of like lengths together, so that little is filled up.
    let order = tokens.indices.sorted { (tokens[$0].count, $0) < (tokens[$1].count, $1) }
    var found = [[Float]](repeating: [], count: texts.count)
    for start in stride(from: 0, to: order.count, by: max(batchSize, 1)) {
      let places = order[start..<min(start + max(batchSize, 1), order.count)]
      let batch = LabelledText.collate(
        places.map { place in
          LabelledText(
            LabelledSequence(tokens: tokens[place], label: 0, padding: model.encoder.paddingToken),
            types: pairs == nil ? nil : encodings[place].typeIDs)
        }, on: device)
      let logits = noGradient { model(batch.namedInputs)[NamedTensors.output] }
      let values = try logits.softmax(axis: -1).scalars(as: Float.self)
      for (row, place) in places.enumerated() {
        found[place] = Array(values[row * classes.count..<(row + 1) * classes.count])
      }
    }
    return found
  }

  /// Writes the network in the layout of the Hugging Face libraries, with the adapter's updates in the weights.
  ///
  /// - Parameter folder: The folder.
  /// - Throws: `LatheError` where the adapter is no update of weights, or a file cannot be written.
  public func writeMerged(to folder: String) throws {
    try adapters?.unload(merging: true)
    try model.savePretrained(to: folder, tokenizer: tokenizer)
  }
}
