import LatheCore

/// What stands between the brackets of `tensor[...]`: a number, a range, `.all`, `.slice`, `.newAxis`.
public protocol TensorIndex {
  /// The index in the common form.
  var tensorSlice: TensorSlice { get }
}

/// An index of one axis.
public enum TensorSlice: TensorIndex, Sendable {
  /// One element; the axis goes.
  case element(Int)
  /// Python's `from:to:step`.
  case range(from: Int?, to: Int?, step: Int)
  /// A new axis of size 1.
  case insertedAxis

  /// The index in the common form.
  public var tensorSlice: TensorSlice { self }
}

extension TensorIndex where Self == TensorSlice {
  /// The whole axis.
  public static var all: TensorSlice { .range(from: nil, to: nil, step: 1) }
  /// A new axis of size 1.
  public static var newAxis: TensorSlice { .insertedAxis }
  /// Python's `from:to:step`; negative numbers count from the end.
  public static func slice(_ from: Int?, _ to: Int?, _ step: Int = 1) -> TensorSlice {
    .range(from: from, to: to, step: step)
  }
}

extension Int: TensorIndex {
  /// The index in the common form.
  public var tensorSlice: TensorSlice { .element(self) }
}
extension Range<Int>: TensorIndex {
  /// The index in the common form.
  public var tensorSlice: TensorSlice { .range(from: lowerBound, to: upperBound, step: 1) }
}
extension ClosedRange<Int>: TensorIndex {
  /// The index in the common form.
  public var tensorSlice: TensorSlice { .range(from: lowerBound, to: pythonEnd(behind: upperBound), step: 1) }
}
extension PartialRangeFrom<Int>: TensorIndex {
  /// The index in the common form.
  public var tensorSlice: TensorSlice { .range(from: lowerBound, to: nil, step: 1) }
}
extension PartialRangeUpTo<Int>: TensorIndex {
  /// The index in the common form.
  public var tensorSlice: TensorSlice { .range(from: nil, to: upperBound, step: 1) }
}
extension PartialRangeThrough<Int>: TensorIndex {
  /// The index in the common form.
  public var tensorSlice: TensorSlice { .range(from: nil, to: pythonEnd(behind: upperBound), step: 1) }
}

/// Where a range ends that includes `last`; nil is the end of the axis.
private func pythonEnd(behind last: Int) -> Int? {
  require(last < .max, "subscript: a range through \(last), which has no successor: leave its end open")
  return last == -1 ? nil : last + 1
}

/// The places that indices name: a selection of each axis, and the shape that they have without the axes of one element.
struct IndexedRegion: Sendable {
  var selection: AxisSelections
  var shape: Shape
}

extension Tensor {
  /// A view by one index per axis from the front; axes without an index stay whole.
  ///
  /// Assigned to, the elements are written over: in the tensor's memory where nobody else holds it and no gradient is
  /// recorded, else in a copy. What is assigned broadcasts and takes the tensor's type.
  public subscript(_ indices: any TensorIndex...) -> Tensor {
    get {
      let region = region(indices)
      return selected(region.selection).reshaped(to: region.shape)
    }
    set { put(newValue, region(indices)) }
  }

  /// What indices name in this tensor.
  func region(_ indices: [any TensorIndex]) -> IndexedRegion {
    var selection = AxisSelections(all: shape)
    var target = Shape()
    var axis = 0
    for index in indices {
      let slice = index.tensorSlice
      if case .insertedAxis = slice {
        target.append(1)
        continue
      }
      require(axis < rank, "subscript: more indices than the axes of \(shape)")
      switch slice {
      case .element(let i):
        require(
          i >= -shape[axis] && i < shape[axis], "subscript: index \(i) is outside axis \(axis) of \(shape)")
        let start = i < 0 ? i + shape[axis] : i
        selection[axis] = AxisSelection(from: start, to: start + 1, step: 1, size: shape[axis])
      case .range(let from, let to, let step):
        selection[axis] = AxisSelection(from: from, to: to, step: step, size: shape[axis])
        target.append(selection[axis].count)
      case .insertedAxis: break
      }
      axis += 1
    }
    while axis < rank {
      target.append(shape[axis])
      axis += 1
    }
    return IndexedRegion(selection: selection, shape: target)
  }
}
