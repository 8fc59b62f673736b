import LatheCore

/// Windows along an axis: how large, how far apart, and how far apart their elements.
struct AxisWindows: Sendable {
  var axis: Int, size: Int, step: Int, dilation: Int, count: Int

  init(_ name: StaticString, axis: Int, of length: Int, size: Int, step: Int, dilation: Int) {
    require(
      size > 0 && step > 0 && dilation > 0,
      "\(name): windows of \(size) elements, step \(step), dilation \(dilation): 1 or more each")
    let extent = dilation * (size - 1) + 1
    require(extent <= length, "\(name): a window over \(extent) elements of an axis of \(length)")
    self.axis = axis
    self.size = size
    self.step = step
    self.dilation = dilation
    count = (length - extent) / step + 1
  }

  /// The windows as a layout: their number in place of the axis, their elements as a new last one.
  func applied(to layout: Layout) -> Layout {
    var result = layout
    result.shape[axis] = count
    result.strides[axis] = layout.strides[axis] * step
    result.shape.append(size)
    result.strides.append(layout.strides[axis] * dilation)
    return result
  }

  /// Whether no element is in two windows.
  var areApart: Bool { step > dilation * (size - 1) }
}

extension Tensor {
  /// The windows that slide along an axis, without copying: the axis counts them, and a new last one has their elements.
  ///
  /// - Parameters:
  ///   - axis: Along which axis.
  ///   - size: Elements of a window.
  ///   - step: From one window to the next.
  ///   - dilation: Steps between the elements of a window.
  public func unfold(axis: Int, size: Int, step: Int = 1, dilation: Int = 1) -> Tensor {
    let a = self.axis(axis, "unfold")
    return unfolded(AxisWindows("unfold", axis: a, of: shape[a], size: size, step: step, dilation: dilation))
  }

  private func unfolded(_ windows: AxisWindows) -> Tensor {
    let original = shape
    return view("unfold", windows.applied(to: layout)) { $0.folded(windows, into: original) }
  }

  /// Windows, as `unfold` makes them, added up in their places.
  func folded(_ windows: AxisWindows, into target: Shape) -> Tensor {
    if windows.areApart {
      return Tensor.assembled(
        "fold", target, dtype: dtype, device: device, parts: [(self, windows.applied(to: Layout(target)))],
        fill: .int(0)
      ) { [$0.unfolded(windows)] }
    }
    let source = detached()
    let axis = windows.axis
    var order = Array(0..<rank - 1)
    order.insert(rank - 1, at: axis + 1)
    let picked = windows.count * windows.size
    let outer = Shape(target.prefix(axis)).elementCount
    let inner = Shape(target.dropFirst(axis + 1)).elementCount
    let places = (0..<picked).map {
      Int32($0 / windows.size * windows.step + $0 % windows.size * windows.dilation)
    }
    let indices = Tensor(places, shape: [1, picked, 1], device: device).expanded(to: [outer, picked, inner])
    return Tensor.zeros([outer, target[axis], inner], dtype: dtype, device: device)
      .scattered(1, indices, source.permuted(order).reshaped(to: [outer, picked, inner])).reshaped(to: target)
      .recorded("fold", [self]) { gradient, _ in [gradient.unfolded(windows)] }
  }

  /// The windows of images as columns, PyTorch's `unfold` (im2col).
  ///
  /// - Parameters:
  ///   - kernel: The size of a window (vertical, horizontal).
  ///   - stride: Steps of the window.
  ///   - padding: Zeros added on each side.
  ///   - dilation: Steps between the elements of a window.
  /// - Returns: [n, c * kernel height * kernel width, windows] for a tensor [n, c, h, w].
  public func unfold2D(
    kernel: (Int, Int), stride: (Int, Int) = (1, 1), padding: (Int, Int) = (0, 0),
    dilation: (Int, Int) = (1, 1)
  ) -> Tensor {
    require(rank == 4, "unfold2D: a tensor of shape \(shape), not [n, c, h, w]")
    require(padding.0 >= 0 && padding.1 >= 0, "unfold2D: padding \(padding)")
    let windows = padded([(padding.0, padding.0), (padding.1, padding.1)])
      .unfold(axis: 2, size: kernel.0, step: stride.0, dilation: dilation.0)
      .unfold(axis: 3, size: kernel.1, step: stride.1, dilation: dilation.1)
    let (rows, columns) = (windows.shape[2], windows.shape[3])
    return windows.permuted([0, 1, 4, 5, 2, 3])
      .reshaped(to: [shape[0], shape[1] * kernel.0 * kernel.1, rows * columns])
  }

  /// Columns of windows added up to images, PyTorch's `fold` (col2im): what `unfold2D` takes apart, with overlaps summed.
  ///
  /// - Parameters:
  ///   - output: Height and width of the images.
  ///   - kernel: The size of a window (vertical, horizontal).
  ///   - stride: Steps of the window.
  ///   - padding: Elements on each side that are cut off.
  ///   - dilation: Steps between the elements of a window.
  /// - Returns: [n, c, height, width] for a tensor [n, c * kernel height * kernel width, windows].
  public func fold2D(
    output: (Int, Int), kernel: (Int, Int), stride: (Int, Int) = (1, 1), padding: (Int, Int) = (0, 0),
    dilation: (Int, Int) = (1, 1)
  ) -> Tensor {
    require(
      rank == 3 && kernel.0 > 0 && kernel.1 > 0 && shape[1] % (kernel.0 * kernel.1) == 0,
      "fold2D: a tensor of shape \(shape), not [n, c * \(kernel.0) * \(kernel.1), windows]")
    require(padding.0 >= 0 && padding.1 >= 0, "fold2D: padding \(padding)")
    let (n, c) = (shape[0], shape[1] / (kernel.0 * kernel.1))
    let whole: Shape = [n, c, output.0 + 2 * padding.0, output.1 + 2 * padding.1]
    let rows = AxisWindows(
      "fold2D", axis: 2, of: whole[2], size: kernel.0, step: stride.0, dilation: dilation.0)
    let columns = AxisWindows(
      "fold2D", axis: 3, of: whole[3], size: kernel.1, step: stride.1, dilation: dilation.1)
    require(
      shape[2] == rows.count * columns.count,
      "fold2D: \(shape[2]) windows for images of \(output), which have \(rows.count) x \(columns.count)")
    // Columns first: the rows' elements stay behind them.
    let windows = reshaped(to: [n, c, kernel.0, kernel.1, rows.count, columns.count])
      .permuted([0, 1, 4, 5, 2, 3])
    return windows.folded(columns, into: [n, c, rows.count, whole[3], kernel.0])
      .folded(rows, into: whole)
      .sliced(axis: 2, from: padding.0, to: padding.0 + output.0)
      .sliced(axis: 3, from: padding.1, to: padding.1 + output.1)
  }
}
