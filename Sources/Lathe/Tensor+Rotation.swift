import Glibc
import LatheCore

/// The cosines and sines that positions are turned by, [length, width / 2] each.
public struct RotaryTable: Sendable {
  let cosines: Tensor
  let sines: Tensor

  /// The turns of positions offset ..< offset + length by position * base^(-2i / width).
  public init(length: Int, width: Int, offset: Int = 0, base: Double = 10_000, device: Device = .default) {
    require(
      width > 0 && width % 2 == 0 && length >= 0,
      "RotaryTable: length \(length), width \(width), which is even")
    let angles = SinusoidTable.angles(length, width / 2, offset: offset, base: base)
    let shape: Shape = [length, width / 2]
    cosines = Tensor(angles.map { SinusoidTable.cosine($0) }, shape: shape, device: device)
    sines = Tensor(angles.map { SinusoidTable.sine($0) }, shape: shape, device: device)
  }

  /// The turns of positions 0 ..< length by position * frequency, one frequency for each pair of elements.
  ///
  /// - Parameters:
  ///   - length: Positions.
  ///   - frequencies: In radians a position, one for each two elements.
  ///   - factor: Cosines and sines are multiplied by it, as YaRN does.
  ///   - device: Where the table lives.
  public init(length: Int, frequencies: [Double], factor: Double = 1, device: Device = .default) {
    require(
      !frequencies.isEmpty && length >= 0, "RotaryTable: length \(length), \(frequencies.count) frequencies")
    let angles = (0..<length).flatMap { position in frequencies.map { Double(position) * $0 } }
    let shape: Shape = [length, frequencies.count]
    cosines = Tensor(angles.map { Float(cos($0) * factor) }, shape: shape, device: device)
    sines = Tensor(angles.map { Float(sin($0) * factor) }, shape: shape, device: device)
  }

  private init(_ cosines: Tensor, _ sines: Tensor) { (self.cosines, self.sines) = (cosines, sines) }

  /// The turns of some of the positions, without a copy.
  ///
  /// - Parameter positions: Inside those of this table.
  public func rows(_ positions: Range<Int>) -> RotaryTable {
    RotaryTable(
      cosines.sliced(axis: 0, from: positions.lowerBound, to: positions.upperBound),
      sines.sliced(axis: 0, from: positions.lowerBound, to: positions.upperBound))
  }

  /// How many positions it has.
  public var length: Int { cosines.shape[0] }

  /// Whether the table is one for tensors [..., t, d] of this shape on this device; d may be larger than what is turned.
  public func fits(_ tensor: Tensor) -> Bool {
    tensor.rank >= 2 && cosines.device == tensor.device && tensor.shape[tensor.rank - 2] == cosines.shape[0]
      && tensor.shape[tensor.rank - 1] >= 2 * cosines.shape[1]
  }
}

extension Tensor {
  /// Queries or keys turned by angles that grow with their position (Su et al., 2021): the product of two then
  /// depends on their distance alone.
  ///
  /// Pairs (x_i, x_{i + d/2}) of the last axis turn together, as in LLaMA; where interleaved, pairs
  /// (x_{2i}, x_{2i + 1}), as in the paper. Elements behind the table's pairs stay as they are.
  /// - Parameters:
  ///   - table: Made for the last two axes of this tensor [..., t, d], or for its first elements.
  ///   - interleaved: Whether neighbours turn together.
  public func rotated(by table: RotaryTable, interleaved: Bool = false) -> Tensor {
    require(
      table.fits(self),
      "rotated: a table of \(table.cosines.shape) for a tensor of shape \(shape) on \(device)")
    return dtype == .float32
      ? turned(by: table, interleaved: interleaved, back: false)
      : composedRotation(table, interleaved: interleaved)
  }

  /// The same in one operation; turned back in the gradient.
  private func turned(by table: RotaryTable, interleaved: Bool, back: Bool) -> Tensor {
    // Rows with gaps between them are read as they lie, along up to three axes.
    let hasNeighbours = shape[rank - 1] <= 1 || layout.strides[rank - 1] == 1
    let source = rank <= 4 && hasNeighbours ? self : contiguous()
    let leading = Array(shape.dropLast(2))
    let sizes = Rotation(
      batch: leading.dropLast().reduce(1, *), heads: leading.last ?? 1, time: shape[rank - 2],
      width: shape[rank - 1], pairs: table.cosines.shape[1], isInterleaved: interleaved, isInverse: back)
    let rows = source.detached().reshaped(to: [sizes.batch, sizes.heads, sizes.time, sizes.width])
    return Tensor.run(.rotation(sizes), [rows, table.cosines, table.sines], output: rows.shape)
      .reshaped(to: shape)
      .recorded("rotated", [self]) { gradient, _ in
        [gradient.turned(by: table, interleaved: interleaved, back: !back)]
      }
  }

  /// The same by elementary operations, for types that have no kernel.
  private func composedRotation(_ table: RotaryTable, interleaved: Bool) -> Tensor {
    let turned = 2 * table.cosines.shape[1]
    let pairs = turned == shape[rank - 1] ? self : sliced(axis: -1, from: 0, to: turned)
    let result: Tensor
    if interleaved {
      let pairs = pairs.reshaped(to: Shape(shape.dropLast()).appending(turned / 2).appending(2))
      let (a, b) = table.turned(pairs.select(axis: -1, index: 0), pairs.select(axis: -1, index: 1))
      result = Tensor.stack([a, b], axis: -1).reshaped(to: Shape(shape.dropLast()).appending(turned))
    } else {
      let halves = pairs.split(count: 2, axis: -1)
      let (a, b) = table.turned(halves[0], halves[1])
      result = Tensor.concatenate([a, b], axis: -1)
    }
    guard turned < shape[rank - 1] else { return result }
    return Tensor.concatenate([result, sliced(axis: -1, from: turned, to: shape[rank - 1])], axis: -1)
  }
}

extension RotaryTable {
  fileprivate func turned(_ a: Tensor, _ b: Tensor) -> (Tensor, Tensor) {
    (a * cosines - b * sines, a * sines + b * cosines)
  }
}
