import Lathe

/// A way to get at the same values through a layout that is not row-major.
enum ViewKind: String, CaseIterable {
  /// The axes stored in reverse order.
  case transposed
  /// Every second element of a larger tensor, from an offset.
  case sliced
  /// Stored back to front, read with negative strides.
  case reversed
  /// One stored element per row, repeated with stride 0.
  case expanded

  /// The values that the view shows: only `expanded` changes them.
  func values(_ array: NDArray) -> NDArray {
    guard self == .expanded, array.rank > 0, array.shape[0] > 1 else { return array }
    return array.picking(0, [0]).expanded(to: array.shape)
  }

  /// A view of the values.
  func view(_ array: NDArray, _ dtype: DType, on device: Device) -> Tensor {
    if array.rank == 0 { return array.tensor(dtype, on: device) }
    switch self {
    case .transposed:
      let axes = Array((0..<array.rank).reversed())
      return array.permuted(axes).tensor(dtype, on: device).permuted(axes)
    case .sliced:
      // Filler between the elements shows at once if it is read.
      var larger = array
      for axis in 0..<array.rank {
        larger = NDArray(larger.shape.enumerated().map { $0 == axis ? 2 * $1 + 1 : $1 }) { index in
          var source = index
          source[axis] /= 2
          return index[axis] % 2 == 1 ? larger[source] : 7
        }
      }
      var tensor = larger.rounded(to: dtype).tensor(dtype, on: device)
      for axis in 0..<array.rank { tensor = tensor.sliced(axis: axis, from: 1, step: 2) }
      return tensor
    case .reversed:
      var tensor = array.flipped(Array(0..<array.rank)).tensor(dtype, on: device)
      for axis in 0..<array.rank { tensor = tensor.sliced(axis: axis, step: -1) }
      return tensor
    case .expanded:
      guard array.shape[0] > 1 else { return array.tensor(dtype, on: device) }
      return array.picking(0, [0]).tensor(dtype, on: device).expanded(to: Shape(array.shape))
    }
  }
}

extension OpCase {
  /// Runs the case on views and compares with the same values given row by row.
  func checkViews(on device: Device) -> [String] {
    let arrays = arrays()
    return ViewKind.allCases.flatMap { kind -> [String] in
      let values = arrays.map(kind.values)
      if kind == .expanded && !allowsRepeatedValues { return [] }
      let views = zip(values, inputs).map { kind.view($0, $1.dtype, on: device) }
      for (i, view) in views.enumerated() {
        if let problem = mismatch(view, values[i], inputs[i].dtype, .elementwise) {
          return ["\(kind.rawValue): input \(i) itself: \(problem)"]
        }
      }
      guard let problem = mismatch(run(views), reference(values), dtype, tolerance) else { return [] }
      return ["\(kind.rawValue): \(problem)"]
    }
  }

  /// The results of running on views, all of them.
  func viewResults(on device: Device) -> [Tensor] {
    ViewKind.allCases.filter { $0 != .expanded || allowsRepeatedValues }.map { kind in
      run(zip(arrays(), inputs).map { kind.view(kind.values($0), $1.dtype, on: device) })
    }
  }

  /// Whether rows may repeat; a permutation would not be one any more.
  private var allowsRepeatedValues: Bool {
    !inputs.contains { if case .permutation = $0.values { true } else { false } }
  }
}
