import LatheCore

extension Tensor {
  /// The elements moved along axes; what leaves at one end comes in at the other.
  ///
  /// - Parameters:
  ///   - shifts: How far along each of the axes, towards its end; negative numbers go the other way.
  ///   - axes: As many axes.
  public func rolled(_ shifts: [Int], axes: [Int]) -> Tensor {
    require(
      shifts.count == axes.count, "rolled: \(shifts.count) shifts for \(axes.count) axes; give one for each")
    var result = self
    for (shift, axis) in zip(shifts, axes) {
      let a = self.axis(axis, "rolled")
      let n = shape[a]
      guard n > 0 else { continue }
      let start = ((-shift % n) + n) % n
      if start == 0 { continue }
      result = Tensor.concatenate(
        [result.sliced(axis: a, from: start), result.sliced(axis: a, from: 0, to: start)], axis: a)
    }
    return result
  }

  /// The elements moved along one axis; what leaves at one end comes in at the other.
  ///
  /// - Parameters:
  ///   - shift: How far, towards the axis' end; negative numbers go the other way.
  ///   - axis: The axis; where nil the elements move in row-major order and the shape stays.
  public func rolled(_ shift: Int, axis: Int? = nil) -> Tensor {
    guard let axis else { return reshaped(to: [count]).rolled([shift], axes: [0]).reshaped(to: shape) }
    return rolled([shift], axes: [axis])
  }

  /// Each element several times behind itself.
  ///
  /// - Parameters:
  ///   - count: How often.
  ///   - axis: Along which axis; where nil the tensor is flattened first.
  public func repeatInterleave(_ count: Int, axis: Int? = nil) -> Tensor {
    require(count >= 0, "repeatInterleave: \(count) times")
    guard let axis else { return reshaped(to: [self.count]).repeatInterleave(count, axis: 0) }
    let a = self.axis(axis, "repeatInterleave")
    let (outer, n, inner) = sizes(around: a)
    var target = shape
    target[a] *= count
    return reshaped(to: [outer * n, 1, inner]).expanded(to: [outer * n, count, inner]).reshaped(to: target)
  }

  /// Each element, or slice of an axis, as often as a tensor says; the counts are read by the host.
  ///
  /// A negative count is an `indexOutOfRange` error, thrown where values of the result are read.
  ///
  /// - Parameters:
  ///   - counts: Whole numbers from 0 on with one axis, one for each element of the axis.
  ///   - axis: Along which axis; where nil the tensor is flattened first.
  public func repeatInterleave(_ counts: Tensor, axis: Int? = nil) -> Tensor {
    guard let axis else { return reshaped(to: [count]).repeatInterleave(counts, axis: 0) }
    let a = self.axis(axis, "repeatInterleave")
    require(
      counts.dtype.isInteger && counts.shape == [shape[a]],
      "repeatInterleave: counts \(counts.shape) of \(counts.dtype) for axis \(axis) of \(shape): one whole number each"
    )
    var nothing = shape
    nothing[a] = 0
    return Tensor.afterReading("repeatInterleave", valuesOf: [counts], nothing, dtype, device) {
      var places: [Int32] = []
      for (i, n) in try counts.scalars(as: Int64.self).enumerated() {
        guard n >= 0 else {
          throw LatheError(
            .indexOutOfRange, "repeatInterleave: element \(i) \(n) times; counts are 0 or more")
        }
        places.append(contentsOf: repeatElement(Int32(i), count: Int(n)))
      }
      return indexSelected(axis: a, indices: Tensor(places, device: device))
    }
  }

  /// The differences of neighbours along an axis; of bools where they differ.
  ///
  /// - Parameters:
  ///   - order: How often differences are taken of the differences; each takes one element of the axis.
  ///   - axis: Along which axis.
  public func diff(order: Int = 1, axis: Int = -1) -> Tensor {
    require(order >= 0, "diff: order \(order)")
    let a = self.axis(axis, "diff")
    var result = self
    for _ in 0..<Swift.min(order, shape[a]) {
      let next = result.sliced(axis: a, from: 1)
      let last = result.sliced(axis: a, to: -1)
      result = dtype == .bool ? next.logicalXor(last) : next - last
    }
    return result
  }

  /// The elements whose places along two axes are equal, or differ by `offset`, as a new last axis; a view.
  ///
  /// - Parameters:
  ///   - offset: How far above the main diagonal, below for negative numbers.
  ///   - axis1: The axis that counts rows.
  ///   - axis2: The axis that counts columns.
  public func diagonal(offset: Int = 0, axis1: Int = 0, axis2: Int = 1) -> Tensor {
    let a = axis(axis1, "diagonal")
    let b = axis(axis2, "diagonal")
    require(a != b, "diagonal: axis \(axis1) and \(axis2) of \(shape) are the same")
    let rows = Swift.max(0, -offset)
    let columns = Swift.max(0, offset)
    let n = Swift.max(0, Swift.min(shape[a] - rows, shape[b] - columns))
    return diagonal(Diagonal(a: a, b: b, row: n == 0 ? 0 : rows, column: n == 0 ? 0 : columns, count: n))
  }

  private struct Diagonal: Sendable {
    var a: Int, b: Int, row: Int, column: Int, count: Int

    func applied(to layout: Layout) -> Layout {
      var result = layout
      result.offset += row * layout.strides[a] + column * layout.strides[b]
      result.shape.remove(at: Swift.max(a, b))
      result.shape.remove(at: Swift.min(a, b))
      result.strides.remove(at: Swift.max(a, b))
      result.strides.remove(at: Swift.min(a, b))
      result.shape.append(count)
      result.strides.append(layout.strides[a] + layout.strides[b])
      return result
    }
  }

  private func diagonal(_ diagonal: Diagonal) -> Tensor {
    let original = shape
    return view("diagonal", diagonal.applied(to: layout)) { gradient in
      Tensor.assembled(
        "diagonal gradient", original, dtype: gradient.dtype, device: gradient.device,
        parts: [(gradient, diagonal.applied(to: Layout(original)))], fill: .int(0)
      ) { [$0.diagonal(diagonal)] }
    }
  }
}
