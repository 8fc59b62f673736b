import Lathe
import LatheFormats
import LatheNN

/// Where a network's layers come from: the weights of a file, or random numbers for one that is trained from the start.
///
/// A network asks for each layer by the path that the Hugging Face libraries give it; what the file calls it is the business of
/// `StoredNames`. `finish()` lists what was missing and what nobody asked for.
public final class LayerSource {
  /// Where the layers live.
  public let device: Device
  private let stored: Stored?
  /// Draws what no file gives, and what dropout takes out.
  let generator: Generator
  /// Layers that may be missing in the file, or of another shape there, and are drawn at random then, such as a new head.
  private let newLayers: [PathPattern]
  private var taken = Set<String>()
  private var missing: [String] = []
  private var differing: [String] = []
  /// The paths of the weights that were drawn at random because the file has none.
  public private(set) var drawn: [String] = []

  /// The weights of a file.
  private struct Stored {
    let reader: WeightReader
    let names: StoredNames
    let precision: WeightPrecision
  }

  /// Layers of a file's weights.
  ///
  /// - Parameters:
  ///   - reader: The file.
  ///   - names: What it calls the weights.
  ///   - precision: As what weights of linear layers and tables are kept.
  ///   - newLayers: What the file need not have.
  ///   - generator: Draws what the file does not have.
  ///   - device: Where the layers live.
  public init(
    _ reader: WeightReader, names: StoredNames = StoredNames(), precision: WeightPrecision = .float32,
    newLayers: [PathPattern] = [], generator: Generator = .layers, device: Device = .default
  ) {
    stored = Stored(reader: reader, names: names, precision: precision)
    self.newLayers = newLayers
    self.generator = generator
    self.device = device
  }

  /// Layers drawn at random.
  ///
  /// - Parameters:
  ///   - generator: Draws them.
  ///   - device: Where they live.
  public init(generator: Generator = .layers, device: Device = .default) {
    stored = nil
    newLayers = []
    self.generator = generator
    self.device = device
  }

  /// The deviation of the first weights of transformers, as GPT-2 and BERT have it.
  private static let deviation: Float = 0.02

  /// The name of a weight in the file; nil where it has none.
  private func place(_ path: String) -> (stored: Stored, name: String)? {
    guard let stored,
      let name = stored.names.candidates(path).first(where: { stored.reader.specs[$0] != nil })
    else { return nil }
    return (stored, name)
  }

  /// Whether layers are drawn at random, for want of a file.
  public var isRandom: Bool { stored == nil }

  /// Whether the file has a weight.
  public func has(_ path: String) -> Bool { place(path) != nil }

  /// A weight as float32, of the file or drawn.
  ///
  /// - Parameters:
  ///   - path: What the network calls it.
  ///   - shape: What it has to be.
  ///   - first: First values where it is drawn.
  ///   - isTurned: Whether the file has the transposed matrix.
  /// - Throws: `LatheError` where the file cannot be read.
  public func tensor(
    _ path: String, _ shape: Shape, first: Initializer, isTurned: Bool = false
  ) throws -> Tensor {
    guard let stored else { return first(shape, generator: generator, device: device) }
    guard let (_, name) = place(path) else {
      if newLayers.contains(where: { $0.matches(path) }) { drawn.append(path) } else { missing.append(path) }
      return first(shape, generator: generator, device: device)
    }
    taken.insert(name)
    let spec = stored.reader.specs[name]
    let expected = isTurned ? Shape(shape.reversed()) : shape
    guard let spec, spec.shape == expected, spec.dtype.isFloatingPoint else {
      if newLayers.contains(where: { $0.matches(path) }) {
        drawn.append(path)
        return first(shape, generator: generator, device: device)
      }
      differing.append(
        "\(path) is \(spec.map { "\($0.dtype) \($0.shape)" } ?? "?"), expected float32 \(expected)")
      return .zeros(shape, device: device)
    }
    guard let found = try stored.reader.tensor(name, as: .float32, device: device) else {
      return .zeros(shape, device: device)
    }
    let turned = isTurned ? found.transposed().contiguous() : found
    return stored.names.ordered(path, turned)
  }

  /// A matrix that stays as the file has it; nil where that is float32, or it is drawn or to be trained.
  private func kept(_ path: String, _ shape: Shape) throws -> QuantizedTensor? {
    guard let (stored, name) = place(path), stored.precision == .stored,
      stored.reader.specs[name]?.shape == shape,
      let found = try stored.reader.quantized(name, device: device)
    else { return nil }
    taken.insert(name)
    guard let halves = found.halves else {
      return QuantizedTensor(blocks: stored.names.ordered(path, found.blocks), type: found.type, shape: shape)
    }
    return QuantizedTensor(stored.names.ordered(path, halves))
  }

  private func parameter(_ path: String, _ shape: Shape, first: Initializer) throws -> Parameter {
    Parameter(try tensor(path, shape, first: first))
  }

  private static let zeros = Initializer.constant(0)
  private static let ones = Initializer.constant(1)

  /// A linear layer [outputs, inputs].
  ///
  /// - Parameters:
  ///   - path: Without `.weight`.
  ///   - inputs: Elements of its input.
  ///   - outputs: Elements of its output.
  ///   - bias: Whether it has one; where the file has one if nil.
  /// - Throws: `LatheError` where the file cannot be read.
  public func linear(
    _ path: String, _ inputs: Int, _ outputs: Int, bias: Bool? = true
  ) throws -> any Module {
    let hasBias = bias ?? has("\(path).bias")
    let summands = hasBias ? try parameter("\(path).bias", [outputs], first: Self.zeros) : nil
    if let weight = try kept("\(path).weight", [outputs, inputs]) {
      return QuantizedLinear(weight: weight, bias: summands?.value.detached())
    }
    let weight = try parameter(
      "\(path).weight", [outputs, inputs], first: .normal(mean: 0, deviation: Self.deviation))
    return Linear(weight: weight, bias: summands)
  }

  /// A linear layer whose weight lies in the file as [inputs, outputs], as GPT-2's.
  ///
  /// - Parameters:
  ///   - path: Without `.weight`.
  ///   - inputs: Elements of its input.
  ///   - outputs: Elements of its output.
  /// - Throws: `LatheError` where the file cannot be read.
  public func transposedLinear(_ path: String, _ inputs: Int, _ outputs: Int) throws -> any Module {
    if stored?.names.hasPlainLinear ?? false, let weight = try kept("\(path).weight", [outputs, inputs]) {
      return QuantizedLinear(
        weight: weight, bias: try tensor("\(path).bias", [outputs], first: Self.zeros))
    }
    return TransposedLinear(
      weight: Parameter(
        try tensor(
          "\(path).weight", [inputs, outputs], first: .normal(mean: 0, deviation: Self.deviation),
          isTurned: stored?.names.hasPlainLinear ?? false)),
      bias: try parameter("\(path).bias", [outputs], first: Self.zeros))
  }

  /// A table of vectors [count, width].
  ///
  /// - Parameters:
  ///   - path: Without `.weight`.
  ///   - count: Rows.
  ///   - width: Elements of a row.
  /// - Throws: `LatheError` where the file cannot be read.
  public func embedding(_ path: String, _ count: Int, _ width: Int) throws -> any Module {
    if let weight = try kept("\(path).weight", [count, width]) { return QuantizedEmbedding(weight: weight) }
    return Embedding(
      weight: try parameter(
        "\(path).weight", [count, width], first: .normal(mean: 0, deviation: Self.deviation)))
  }

  /// Layer normalisation.
  ///
  /// - Parameters:
  ///   - path: Without `.weight`.
  ///   - width: Elements of a row.
  ///   - epsilon: Added to the variance.
  /// - Throws: `LatheError` where the file cannot be read.
  public func layerNorm(_ path: String, _ width: Int, epsilon: Double) throws -> any Module {
    LayerNorm(
      weight: try parameter("\(path).weight", [width], first: Self.ones),
      bias: try parameter("\(path).bias", [width], first: Self.zeros), epsilon: Float(epsilon))
  }

  /// Root mean square normalisation.
  ///
  /// - Parameters:
  ///   - path: Without `.weight`.
  ///   - width: Elements of a row.
  ///   - epsilon: Added to the mean square.
  /// - Throws: `LatheError` where the file cannot be read.
  public func rmsNorm(_ path: String, _ width: Int, epsilon: Double) throws -> any Module {
    RMSNorm(weight: try parameter("\(path).weight", [width], first: Self.ones), epsilon: Float(epsilon))
  }

  /// Leaves weights of the file alone that the network does not need, such as those of another head.
  ///
  /// - Parameter patterns: Their paths.
  public func passOver(_ patterns: PathPattern...) {
    guard let stored else { return }
    taken.formUnion(stored.reader.specs.keys.filter { name in patterns.contains { $0.matches(name) } })
  }

  /// Says that the network has what it needs.
  ///
  /// - Throws: `LatheError` that lists every weight that is missing, of another shape, or left over.
  public func finish() throws {
    guard let stored else { return }
    let surplus = stored.reader.specs.keys.filter { !taken.contains($0) && !stored.names.isIgnored($0) }
      .sorted()
    guard !missing.isEmpty || !surplus.isEmpty || !differing.isEmpty else { return }
    func list(_ names: [String]) -> String {
      names.prefix(20).joined(separator: ", ") + (names.count > 20 ? " and \(names.count - 20) more" : "")
    }
    let parts = [
      missing.isEmpty ? nil : "it lacks \(list(missing))",
      surplus.isEmpty ? nil : "it has \(list(surplus)) too many",
      differing.isEmpty ? nil : list(differing),
    ]
    throw LatheError(
      .format, "\(stored.reader.source): of another model: \(parts.compactMap { $0 }.joined(separator: "; "))"
    )
  }
}

/// As what the weights of a pre-trained network are kept in memory.
public enum WeightPrecision: Sendable, Hashable {
  /// As the file has them: quantised blocks and 16-bit numbers stay what they are, and are not trained.
  case stored
  /// As float32, which can be trained.
  case float32
}
