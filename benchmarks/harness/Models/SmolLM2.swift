import Lathe
import LatheML

/// SmolLM2-135M-Instruct of the model store, which `scripts/fetch-models.sh smollm2` puts there, with a text of some length read.
final class SmolLM2 {
  private let model: any CausalModel
  private let cache: DecoderCache
  private let device: Device
  private let count: Int
  /// Bytes that the weights take.
  let weightBytes: Double

  /// - Parameters:
  ///   - count: How many tokens are read.
  ///   - dtype: As what weights are kept: blocks as in the file where nil.
  /// - Throws: `LatheError` where the store has no such model.
  init(reading count: Int, as dtype: BlockType? = nil, on device: Device) throws {
    let files = try PretrainedFiles(path: ModelStore.user().required("smollm2").folder)
    model = try files.causalModel(precision: dtype == nil ? .stored : .float32, device: device)
    if let dtype {
      try model.replace { (layer: Linear) in try QuantizedLinear(layer, as: dtype) }
      try model.replace { (table: Embedding) in try QuantizedEmbedding(table, as: dtype) }
    }
    weightBytes = model.state.reduce(0) { $0 + Double($1.tensor.count * $1.tensor.dtype.byteCount) }
    cache = DecoderCache(layers: model.layerCount, capacity: count + 64)
    self.device = device
    self.count = count
  }

  /// Tokens that every library is given.
  private func tokens(_ range: Range<Int>) -> Tensor {
    Tensor(range.map { Int32(1000 + $0 * 37 % 20_000) }, shape: [1, range.count], device: device)
  }

  /// Reads all tokens from the start; the scores behind the last.
  @discardableResult
  func read() throws -> Tensor {
    cache.truncate(to: 0)
    return try noGradient { try model.logits(tokens(0..<count), cache: cache, lastOnly: true).computed() }
  }

  /// Reads the token behind those that were read; the scores behind it.
  @discardableResult
  func write() throws -> Tensor {
    cache.truncate(to: count)
    return try noGradient {
      try model.logits(tokens(count..<count + 1), cache: cache, lastOnly: true).computed()
    }
  }

  /// How far the scores behind the text are from those of the same text read a token at a time.
  func error() throws -> Double {
    let found = try read().hostValues()
    let alone = DecoderCache(layers: model.layerCount, capacity: count)
    var scores: Tensor?
    for place in 0..<count {
      scores = try noGradient {
        try model.logits(tokens(place..<place + 1), cache: alone, lastOnly: true).computed()
      }
    }
    var error = RelativeError()
    for (value, reference) in zip(found, try scores?.hostValues() ?? []) {
      error.add(value, Double(reference))
    }
    return error.value
  }
}
