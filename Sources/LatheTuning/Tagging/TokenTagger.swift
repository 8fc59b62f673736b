import Lathe
import LatheAdapters
import LatheData
import LatheFiles
import LatheLanguage
import LatheNN
import LatheText
import LatheTraining

/// An entity in a text.
public struct FoundEntity: Sendable, Hashable, Codable {
  /// Its type, such as `PER`.
  public let type: String
  /// Where it stands in the text, in Unicode scalars, as Python counts.
  public let start: Int, end: Int
  /// What stands there.
  public let text: String
  /// The mean probability of its words' tags.
  public let score: Double
}

/// A fine-tuned network that tags words, as a run stores it.
public final class TokenTagger {
  /// The network, in evaluation mode.
  public let network: TaggingNetwork
  /// What makes its tokens.
  public let tokenizer: Tokenizer
  /// The most tokens of a window.
  public let length: Int
  /// Which tags may follow each other; no others are given.
  public let scheme: TagScheme
  /// The adapters on the network; nil without.
  public let adapters: ModelAdapters?
  /// Where it computes.
  public let device: Device

  init(
    network: TaggingNetwork, tokenizer: Tokenizer, length: Int, scheme: TagScheme, adapters: ModelAdapters?,
    device: Device
  ) {
    (self.network, self.tokenizer, self.length, self.scheme) = (network, tokenizer, length, scheme)
    (self.adapters, self.device) = (adapters, device)
  }

  /// Loads the model of a run: the weights of its best epoch, or of its last checkpoint where none has ended.
  ///
  /// - Parameters:
  ///   - folder: The run's folder.
  ///   - device: Where it computes.
  /// - Throws: `LatheError` where the folder is none of such a run or a file is damaged.
  public convenience init(run folder: String, device: Device = .default) throws {
    let plan = try TokenClassifierPlan(folder: folder)
    let source = LayerSource(generator: Generator(seed: 0), device: device)
    let below = try TokenClassifier(
      ConfigurationValues(path: "\(folder)/\(TokenClassifierPlan.networkName)"), from: source)
    let (network, adapters) = try plan.prepared(
      below, steps: 1, generator: Generator(seed: 0), device: device)
    let best = "\(folder)/\(ModelFolder.bestName)"
    try network.load(from: FileErrors.exists(best) ? best : folder)
    network.eval()
    self.init(
      network: network, tokenizer: try Tokenizer(path: "\(folder)/tokenizer.json"), length: plan.length,
      scheme: plan.scheme, adapters: adapters, device: device)
  }

  /// The tags.
  public var tags: [String] { network.tags }

  /// The tags of sentences, and how probable each is.
  ///
  /// A sentence longer than the network takes goes through it in several windows, and is tagged as a whole.
  /// - Parameters:
  ///   - sentences: The words of each.
  ///   - batchSize: Windows at a time.
  /// - Throws: `LatheError` naming a word of which the tokeniser leaves nothing, or where the device fails.
  public func tags(
    _ sentences: [[String]], batchSize: Int = 32, source: String = "the sentences"
  ) throws -> [(tags: [String], probabilities: [Double])] {
    let windows = try TaggedWindows(sentences, tokenizer: tokenizer, length: length, source: source).windows
    let order = windows.indices.sorted {
      (windows[$0].tokens.count, $0) < (windows[$1].tokens.count, $1)
    }
    var scores = [[Float]](repeating: [], count: windows.count)
    for start in stride(from: 0, to: order.count, by: max(batchSize, 1)) {
      let places = order[start..<min(start + max(batchSize, 1), order.count)]
      let batch = PaddedWindow.collate(
        places.map { PaddedWindow(window: windows[$0], padding: network.network.encoder.paddingToken) },
        on: device)
      let output = noGradient { network(batch.namedInputs)[NamedTensors.output] }
      let values = try (network.chain == nil ? output.logSoftmax(axis: -1) : output).scalars(as: Float.self)
      let (words, count) = (output.shape[1], tags.count)
      for (row, place) in places.enumerated() {
        let first = row * words * count
        scores[place] = Array(values[first..<first + windows[place].firsts.count * count])
      }
    }
    var whole = [[Float]](repeating: [], count: sentences.count)
    for (window, scores) in zip(windows, scores) { whole[window.sentence] += scores }
    let decoder = try decoder()
    return whole.map { scores in
      let path = decoder.best(scores)
      let shares = decoder.probabilities(scores)
      return (
        path.map { tags[$0] }, path.enumerated().map { shares[$0.offset * tags.count + $0.element] }
      )
    }
  }

  private func decoder() throws -> TagDecoder {
    try network.chain.map { try TagDecoder(tags: tags, scheme: scheme, chain: $0) }
      ?? TagDecoder(tags: tags, scheme: scheme)
  }

  /// The entities of running texts.
  ///
  /// Words are what stands between spaces, with brackets, quotes and stops parted from it, and each ideograph by itself.
  /// - Parameter texts: The texts.
  /// - Throws: `LatheError` where a text cannot be encoded or the device fails.
  public func entities(in texts: [String]) throws -> [[FoundEntity]] {
    let words = texts.map(TextWords.init)
    let full = words.indices.filter { !words[$0].words.isEmpty }
    var found = [[FoundEntity]](repeating: [], count: texts.count)
    for (place, answer) in zip(full, try tags(full.map { words[$0].words }, source: "the texts")) {
      let scalars = Array(texts[place].unicodeScalars)
      found[place] = EntitySpan.lenient(answer.tags).map { span in
        let start = words[place].places[span.words.lowerBound].lowerBound
        let end = words[place].places[span.words.upperBound - 1].upperBound
        return FoundEntity(
          type: span.type, start: start, end: end,
          text: String(String.UnicodeScalarView(scalars[start..<end])),
          score: span.words.reduce(0) { $0 + answer.probabilities[$1] } / Double(span.words.count))
      }
    }
    return found
  }

  /// Writes the network in the layout of the Hugging Face libraries, with the adapter's updates in the weights; a chain, which
  /// these do not have, beside it as `crf.safetensors`.
  ///
  /// - Parameter folder: The folder.
  /// - Throws: `LatheError` where the adapter is no update of weights, or a file cannot be written.
  public func writeMerged(to folder: String) throws {
    try adapters?.unload(merging: true)
    try network.network.savePretrained(to: folder, tokenizer: tokenizer)
    try network.chain?.save(to: "\(folder)/crf.safetensors")
  }
}
