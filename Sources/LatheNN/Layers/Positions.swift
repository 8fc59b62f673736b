import Lathe
import Synchronization

/// A module that tells elements of sequences [..., time, width] apart by their positions.
public protocol PositionModule: Module {
  /// Computes the module's result.
  ///
  /// - Parameters:
  ///   - input: [..., time, width].
  ///   - offset: The position of the first element, how many a cache holds before.
  func forward(_ input: Tensor, offset: Int) -> Tensor
}

extension PositionModule {
  /// Computes the result of a sequence that starts at position 0.
  public func forward(_ input: Tensor) -> Tensor { forward(input, offset: 0) }

  /// Applies the module to elements from a position on.
  ///
  /// - Parameters:
  ///   - input: [..., time, width].
  ///   - offset: The position of the first element.
  public func callAsFunction(_ input: Tensor, offset: Int) -> Tensor {
    observed(input: input) { forward(input, offset: offset) }
  }
}

/// Adds sines and cosines of each position (Vaswani et al., 2017) to [batch, time, width].
///
/// Element 2i of position t is sin(t * 10000^(-2i / width)), element 2i + 1 the cosine of the same.
public final class SinusoidalPosition: PositionModule {
  private let length: Int
  private let width: Int
  /// On the device of the last input: it follows the model when that is moved, and forward passes may run at once.
  private let table: Mutex<Tensor>
  private var dropout: (any Module)?

  /// - Parameters:
  ///   - length: The longest sequence.
  ///   - width: Elements of a position; even.
  ///   - dropout: How likely an element becomes 0 in training.
  ///   - generator: Draws what is dropped, or first values.
  ///   - device: Where its tensors live.
  public init(
    _ length: Int, _ width: Int, dropout: Float = 0, generator: Generator = .layers, device: Device = .default
  ) {
    require(length > 0 && width > 0 && width % 2 == 0, "SinusoidalPosition: length \(length), width \(width)")
    let values = SinusoidTable.angles(length, width / 2).flatMap {
      [SinusoidTable.sine($0), SinusoidTable.cosine($0)]
    }
    (self.length, self.width) = (length, width)
    table = Mutex(Tensor(values, shape: [length, width], device: device))
    self.dropout = dropout > 0 ? Dropout(dropout, generator: generator) : nil
  }

  /// Computes the layer.
  public func forward(_ input: Tensor, offset: Int) -> Tensor {
    require(
      input.rank == 3 && input.shape[2] == width,
      "SinusoidalPosition: input \(input.shape), expected [batch, up to \(length), \(width)]")
    guard offset + input.shape[1] <= length else {
      return tooLong(input, offset, length, "SinusoidalPosition")
    }
    let positions = table.withLock { table in
      if table.device != input.device { table = table.moved(to: input.device) }
      return table
    }
    let sum = input + positions.sliced(axis: 0, from: offset, to: offset + input.shape[1])
    return dropout.map { $0(sum) } ?? sum
  }

  /// Names the dropout; the table is made again and not saved.
  public func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("dropout", dropout) { self.dropout = $0 }
  }
}

/// The result for sequences that are longer than a table of positions, which data decides: an error where it is read.
private func tooLong(_ input: Tensor, _ offset: Int, _ length: Int, _ layer: String) -> Tensor {
  input.failing(
    LatheError(
      .invalidArgument,
      "\(layer): sequences of \(offset + input.shape[1]) elements, and positions for \(length); cut them, or make the layer with "
        + "a larger length"))
}

/// Adds a trained vector for each position to [batch, time, width].
public final class LearnedPosition: PositionModule {
  /// [length, width].
  public let weight: Parameter

  /// A table with normal first values.
  ///
  /// - Parameters:
  ///   - length: The longest sequence.
  ///   - width: Elements of a position.
  ///   - initializer: First values.
  ///   - generator: Draws what is dropped, or first values.
  ///   - device: Where its tensors live.
  public init(
    _ length: Int, _ width: Int, initializer: Initializer = .normal(mean: 0, deviation: 0.02),
    generator: Generator = .layers, device: Device = .default
  ) {
    require(length > 0 && width > 0, "LearnedPosition: length \(length), width \(width)")
    weight = Parameter(initializer([length, width], generator: generator, device: device))
  }

  /// Computes the layer.
  public func forward(_ input: Tensor, offset: Int) -> Tensor {
    require(
      input.rank == 3 && input.shape[2] == weight.shape[1],
      "LearnedPosition: input \(input.shape), expected [batch, up to \(weight.shape[0]), \(weight.shape[1])]")
    guard offset + input.shape[1] <= weight.shape[0] else {
      return tooLong(input, offset, weight.shape[0], "LearnedPosition")
    }
    return input + weight.value.sliced(axis: 0, from: offset, to: offset + input.shape[1])
  }

  /// Names the table.
  public func visit(_ visitor: inout ModuleVisitor) { visitor.parameter("weight", weight) }
}
