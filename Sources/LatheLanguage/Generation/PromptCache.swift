import Lathe
import LatheFormats
import LatheNN

/// A prompt with what a network has computed of it, in a file: a long one is then read in a moment.
public struct PromptCache: Sendable {
  /// The prompt's tokens.
  public let tokens: [Int32]
  private let layers: [(keys: Tensor, values: Tensor)]

  /// What a cache of a single sequence holds.
  ///
  /// - Parameters:
  ///   - cache: Of one sequence, with nothing filled up.
  ///   - tokens: What it was computed of.
  /// - Throws: `LatheError` where it is none of one sequence, or of other tokens.
  public init(_ cache: DecoderCache, tokens: [Int32]) throws {
    guard cache.padding.isEmpty, cache.memory == nil, cache.count > 0, tokens.count >= cache.count else {
      throw LatheError(
        .invalidArgument, "a cache of \(cache.count) tokens for a prompt of \(tokens.count) cannot be stored")
    }
    self.tokens = Array(tokens.prefix(cache.count))
    layers = try cache.layers.map { layer in
      guard let content = layer.content, content.keys.shape[0] == 1 else {
        throw LatheError(
          .invalidArgument, "a cache of several sequences cannot be stored; store each by itself")
      }
      return content
    }
  }

  /// Writes the file.
  ///
  /// - Parameters:
  ///   - path: A `.safetensors` file.
  ///   - model: Names the network, so that the file is not taken for another's.
  /// - Throws: `LatheError` where it cannot be written.
  public func write(to path: String, model: String) throws {
    var tensors: [(name: String, tensor: Tensor)] = [("tokens", Tensor(tokens, device: .cpu))]
    for (index, layer) in layers.enumerated() {
      tensors.append(("layers.\(index).keys", layer.keys))
      tensors.append(("layers.\(index).values", layer.values))
    }
    try WeightFile.write(tensors, metadata: ["format": "lathe prompt cache", "model": model], to: path)
  }

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - model: What the network was called when it was written.
  /// - Throws: `LatheError` where it is damaged or another network's.
  public init(path: String, model: String) throws {
    let reader = try WeightReader(path: path)
    guard reader.metadata["format"] == "lathe prompt cache" else {
      throw LatheError(.format, "\(path): is no prompt that was computed")
    }
    guard reader.metadata["model"] == model else {
      throw LatheError(
        .format,
        "\(path): was computed by the network '\(reader.metadata["model"] ?? "")', not '\(model)'; remove it or name another file"
      )
    }
    guard let stored = try reader.tensor("tokens"), stored.rank == 1, stored.dtype == .int32 else {
      throw LatheError(.format, "\(path): there are no tokens in it")
    }
    tokens = try stored.scalars(as: Int32.self)
    let count = (reader.specs.count - 1) / 2
    layers = try (0..<count).map { index in
      guard let keys = try reader.tensor("layers.\(index).keys"),
        let values = try reader.tensor("layers.\(index).values"),
        keys.rank == 4, values.rank == 4, keys.shape[0] == 1, keys.shape[2] == stored.shape[0],
        values.shape[0] == 1, values.shape[2] == stored.shape[0]
      else {
        throw LatheError(.format, "\(path): the keys and values of layer \(index) do not fit the tokens")
      }
      return (keys, values)
    }
  }

  /// A cache that begins with as much of the prompt as another begins with, too; nil where that is nothing.
  ///
  /// - Parameters:
  ///   - prompt: What is to be continued; its last token is left out, since its scores are wanted.
  ///   - model: The network.
  ///   - capacity: How many tokens are to fit.
  /// - Throws: `LatheError` where the file's layers are not the network's.
  public func start(of prompt: [Int32], _ model: any CausalModel, capacity: Int) throws -> DecoderCache? {
    let common = zip(tokens, prompt.dropLast()).prefix { $0 == $1 }.count
    guard common > 0, capacity > common else { return nil }
    guard layers.count == model.layerCount else {
      throw LatheError(
        .format, "a prompt computed by \(layers.count) layers, and the network has \(model.layerCount)")
    }
    let cache = DecoderCache(layers: layers.count, capacity: capacity)
    for (layer, stored) in zip(cache.layers, layers) {
      _ = layer.append(
        stored.keys.sliced(axis: 2, from: 0, to: common).moved(to: model.device),
        stored.values.sliced(axis: 2, from: 0, to: common).moved(to: model.device))
    }
    return cache
  }
}
