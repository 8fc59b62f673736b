import Lathe

/// A fully connected layer whose weight stays quantised, or in 16 bits, and is not trained: x W^T + b.
///
/// It takes the place of a `Linear` whose weight is frozen, such as the base of an adapter:
///
/// ```swift
/// try model.replace("layers.*") { (linear: Linear) in try QuantizedLinear(linear, as: .q8_0) }
/// ```
/// In `state`, and so in `save(to:)` and checkpoints, a weight of 16 bits is the buffer `weight` of its type, [out, in], which
/// files of `Linear`'s weights can fill, too. Blocks are a buffer of bytes, uint8 [out, bytes of a row], whose name ends with
/// their type: `weight.Q4_K`. So what was saved is loaded by the same layers without rounding anything again, and blocks
/// of another type, or a file with float weights, are a missing name and not a wrong number. The bias is a parameter,
/// frozen at first.
public final class QuantizedLinear: Module {
  /// [out].
  public let bias: Parameter?
  private let memory: QuantizedMemory

  /// A layer of a given weight.
  ///
  /// - Parameters:
  ///   - weight: [out, in].
  ///   - bias: [out].
  public convenience init(weight: QuantizedTensor, bias: Tensor? = nil) {
    self.init(QuantizedMemory(weight), bias)
  }

  /// A layer that multiplies with the table of an embedding, as models do that have one matrix for both; the two share it
  /// also after `moved(to:)` and `load`.
  public convenience init(sharing embedding: QuantizedEmbedding) { self.init(embedding.memory, nil) }

  /// A layer like another with its weight rounded.
  ///
  /// - Throws: What `QuantizedTensor.quantize(_:as:)` throws.
  public convenience init(_ linear: Linear, as type: BlockType) throws {
    self.init(
      weight: try .quantize(linear.weight.value.detached(), as: type), bias: linear.bias?.value.detached())
  }

  private init(_ memory: QuantizedMemory, _ bias: Tensor?) {
    let outputs = memory.shape[0]
    require(
      bias.map { $0.shape == [outputs] } ?? true,
      "QuantizedLinear: weight \(memory.shape) and bias \(bias?.shape ?? [])")
    self.memory = memory
    self.bias = bias.map { Parameter($0) }
    self.bias?.isFrozen = true
  }

  /// [out, in].
  public var weight: QuantizedTensor { memory.value }

  /// Computes the layer.
  public func forward(_ input: Tensor) -> Tensor { input.linear(weight: weight, bias: bias?.value) }

  /// The results of several layers with one input side by side, [..., sum of their sizes], as one operation.
  ///
  /// - Returns: Nil where there are so many rows that nothing is gained, where a layer is none of this kind, some layers but
  ///   not all have a bias, or somebody watches what layers do: each has to be called then.
  package static func joined(_ layers: [any Module], _ input: Tensor) -> Tensor? {
    let rows = input.shape.dropLast().reduce(1, *)
    guard rows <= mostJoinedRows, ModuleHooks.current == nil, ForwardObserver.current == nil else {
      return nil
    }
    let quantized = layers.compactMap { $0 as? QuantizedLinear }
    let biases = quantized.compactMap { $0.bias?.value }
    guard quantized.count == layers.count, biases.isEmpty || biases.count == layers.count else { return nil }
    return input.linear(weights: quantized.map(\.weight), biases: biases.isEmpty ? nil : biases)
  }

  /// With more rows the products take so long that one more operation is nothing, and their results lie better apart.
  private static let mostJoinedRows = 8

  /// Names the weight's memory and the bias.
  public func visit(_ visitor: inout ModuleVisitor) {
    memory.visit(&visitor)
    visitor.parameter("bias", bias)
  }

  /// A product with the weights for each row.
  public func operationCount(input: Shape, output: Shape) -> Int {
    input.elementCount / max(memory.shape[1], 1) * (2 * memory.shape.elementCount + (bias?.shape[0] ?? 0))
  }
}

/// A table of vectors that stays quantised, or in 16 bits, and is not trained, looked up by whole numbers.
///
/// In `state` the table is a buffer as the weight of `QuantizedLinear` is.
public final class QuantizedEmbedding: Module {
  let memory: QuantizedMemory

  /// A layer of a given table.
  ///
  /// - Parameter weight: [count, width].
  public init(weight: QuantizedTensor) { memory = QuantizedMemory(weight) }

  /// A layer like another with its table rounded.
  ///
  /// - Throws: What `QuantizedTensor.quantize(_:as:)` throws.
  public convenience init(_ embedding: Embedding, as type: BlockType) throws {
    self.init(weight: try .quantize(embedding.weight.value.detached(), as: type))
  }

  /// [count, width].
  public var weight: QuantizedTensor { memory.value }

  /// The rows of indices of any shape, float32 [..., width]; an index outside the table is an error where values are read.
  public func forward(_ input: Tensor) -> Tensor { weight.rows(input) }

  /// Names the table's memory.
  public func visit(_ visitor: inout ModuleVisitor) { memory.visit(&visitor) }
}

/// The blocks, or the 16-bit elements, of one or two layers.
final class QuantizedMemory {
  let shape: Shape
  private let type: BlockType
  private let elements: ModuleBuffer

  init(_ value: QuantizedTensor) {
    shape = value.shape
    type = value.type
    elements = ModuleBuffer(value.halves ?? value.blocks)
  }

  var value: QuantizedTensor {
    type.dtype == nil
      ? QuantizedTensor(blocks: elements.value, type: type, shape: shape) : QuantizedTensor(elements.value)
  }

  func visit(_ visitor: inout ModuleVisitor) {
    visitor.buffer(type.dtype == nil ? "weight.\(type.name)" : "weight", elements)
  }
}
