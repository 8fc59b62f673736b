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

  /// Whether the table is one for tensors [..., t, d] of this shape on this device.
  public func fits(_ tensor: Tensor) -> Bool {
    tensor.rank >= 2 && cosines.device == tensor.device && tensor.shape[tensor.rank - 2] == cosines.shape[0]
      && tensor.shape[tensor.rank - 1] == 2 * cosines.shape[1]
  }
}

extension Tensor {
  /// Queries or keys turned by angles that grow with their position (Su et al., 2021): the product of two then
  /// depends on their distance alone.
  ///
  /// Pairs (x_i, x_{i + d/2}) of the last axis turn together, as in LLaMA; where interleaved, pairs
  /// (x_{2i}, x_{2i + 1}), as in the paper.
  /// - Parameters:
  ///   - table: Made for the last two axes of this tensor [..., t, d].
  ///   - interleaved: Whether neighbours turn together.
  public func rotated(by table: RotaryTable, interleaved: Bool = false) -> Tensor {
    require(
      table.fits(self),
      "rotated: a table of \(table.cosines.shape) for a tensor of shape \(shape) on \(device)")
    if interleaved {
      let pairs = reshaped(to: Shape(shape.dropLast()).appending(shape[rank - 1] / 2).appending(2))
      let (a, b) = table.turned(pairs.select(axis: -1, index: 0), pairs.select(axis: -1, index: 1))
      return Tensor.stack([a, b], axis: -1).reshaped(to: shape)
    }
    let halves = split(count: 2, axis: -1)
    let (a, b) = table.turned(halves[0], halves[1])
    return Tensor.concatenate([a, b], axis: -1)
  }
}

extension RotaryTable {
  fileprivate func turned(_ a: Tensor, _ b: Tensor) -> (Tensor, Tensor) {
    (a * cosines - b * sines, a * sines + b * cosines)
  }
}
