/// How a tensor's elements lie in a buffer: sizes, strides and offset, all in elements.
///
/// Element (i0, i1, ...) is at `offset + i0 * strides[0] + i1 * strides[1] + ...`. A stride may be 0 (a broadcast
/// axis) or negative (a reversed one).
public struct Layout: Sendable, Hashable {
  /// Sizes of the axes.
  public var shape: Shape
  /// Steps between neighbours along each axis, in elements.
  public var strides: Shape
  /// Index of the first element.
  public var offset: Int

  /// A row-major layout without gaps.
  @inlinable public init(_ shape: Shape) {
    self.shape = shape
    strides = shape.contiguousStrides
    offset = 0
  }

  /// A layout with given strides.
  @inlinable public init(shape: Shape, strides: Shape, offset: Int) {
    self.shape = shape
    self.strides = strides
    self.offset = offset
  }

  /// The number of axes.
  @inlinable public var rank: Int { shape.rank }
  /// The number of elements.
  @inlinable public var elementCount: Int { shape.elementCount }

  /// Whether the elements lie in row-major order without gaps, whatever the offset.
  @inlinable public var isContiguous: Bool {
    var expected = 1
    var i = rank - 1
    while i >= 0 {
      if shape[i] == 0 { return true }
      if shape[i] != 1 && strides[i] != expected { return false }
      expected *= shape[i]
      i -= 1
    }
    return true
  }

  /// The smallest and the largest index that an element has, or nil where there is no element.
  public var indexBounds: ClosedRange<Int>? {
    var low = offset
    var high = offset
    for i in 0..<rank {
      if shape[i] == 0 { return nil }
      let span = (shape[i] - 1) * strides[i]
      if span < 0 { low += span } else { high += span }
    }
    return low...high
  }

  /// The same elements seen in a larger shape by NumPy's broadcasting, or nil where they do not fit.
  public func expanded(to target: Shape) -> Layout? {
    if shape == target { return self }
    guard target.rank >= rank else { return nil }
    var result = Layout(shape: target, strides: Shape(repeating: 0, rank: target.rank), offset: offset)
    let shift = target.rank - rank
    for i in 0..<rank {
      if shape[i] == target[i + shift] {
        result.strides[i + shift] = strides[i]
      } else if shape[i] != 1 {
        return nil
      }
    }
    return result
  }

  /// The axes in another order: axis `i` of the result is axis `axes[i]` of this layout.
  public func permuted(_ axes: Shape) -> Layout {
    var result = self
    for i in 0..<rank {
      result.shape[i] = shape[axes[i]]
      result.strides[i] = strides[axes[i]]
    }
    return result
  }

  /// The same elements under another shape, without moving them, or nil where strides do not allow it.
  public func reshaped(to target: Shape) -> Layout? {
    precondition(target.elementCount == elementCount)
    if isContiguous || elementCount == 0 {
      return Layout(shape: target, strides: target.contiguousStrides, offset: offset)
    }
    // Match runs of old axes with runs of new axes of the same product; each old run must be mergeable.
    var old = Shape()
    var oldStrides = Shape()
    for i in 0..<rank where shape[i] != 1 {
      old.append(shape[i])
      oldStrides.append(strides[i])
    }
    var result = Layout(shape: target, strides: Shape(repeating: 0, rank: target.rank), offset: offset)
    var from = 0
    var to = 0
    while from < old.rank {
      var product = old[from]
      var end = from + 1
      var newProduct = 1
      var newEnd = to
      while newProduct != product || newEnd == to {
        if newProduct < product || newEnd == to {
          guard newEnd < target.rank else { return nil }
          newProduct *= target[newEnd]
          newEnd += 1
        } else {
          guard end < old.rank else { return nil }
          product *= old[end]
          end += 1
        }
      }
      for i in from..<(end - 1) where oldStrides[i] != oldStrides[i + 1] * old[i + 1] { return nil }
      var step = oldStrides[end - 1]
      var i = newEnd - 1
      while i >= to {
        result.strides[i] = step
        step *= target[i]
        i -= 1
      }
      from = end
      to = newEnd
    }
    return result
  }
}
