import LatheCore

extension Tensor {
  /// The gradient of a product over axes: each element's is the product of the others.
  ///
  /// Products of pairs, of pairs of pairs and so on are made first; going back, each of a pair gets the other times the
  /// pair's gradient. Nothing is divided by, so that zeros and products that float32 cannot hold do no harm, and the
  /// whole can be differentiated any number of times.
  func productGradient(_ gradient: Tensor, _ reduced: [Bool]) -> Tensor {
    guard count > 0 else { return Tensor.zeros(shape, dtype: dtype, device: device) }
    var levels: [(axis: Int, pairs: Pairs)] = []
    var product = wide
    for axis in reduced.indices where reduced[axis] {
      while product.shape[axis] > 1 {
        let pairs = Pairs(product, axis)
        levels.append((axis, pairs))
        product = pairs.product
      }
    }
    var result = gradient.reshaped(to: product.shape).wide
    for (axis, pairs) in levels.reversed() { result = pairs.gradient(result, axis) }
    return result.cast(to: dtype)
  }

  /// The gradient of a largest or smallest element, from it and the element spread to this tensor's shape.
  ///
  /// Equal elements share it equally, and where NaN wins those that are NaN. They are counted in float32: 16 bits do not
  /// hold their number.
  func extremumGradient(_ gradient: Tensor, _ winner: Tensor, _ reduced: [Bool]) -> Tensor {
    let wins = (self .== winner) .|| isNaN()
    let axes = reduced.indices.filter { reduced[$0] }
    let shared = gradient.wide / wins.cast(to: dtype.floatType).sum(axes: axes, keepDims: true)
    return Tensor.where(wins, shared, shared.zero).cast(to: dtype)
  }
}

/// Neighbours along an axis, the last one alone where their number is odd.
private struct Pairs {
  private let shape: Shape
  private let places: [AxisSelections]
  private let first: Tensor
  private let second: Tensor
  /// The products of the pairs, and the one alone.
  let product: Tensor

  init(_ x: Tensor, _ axis: Int) {
    shape = x.shape
    let n = x.shape[axis]
    let places = [(0, n - n % 2, 2), (1, n, 2), (n - n % 2, n, 1)].map { from, to, step in
      var selection = AxisSelections(all: x.shape)
      selection[axis] = AxisSelection(from: from, to: to, step: step, size: n)
      return selection
    }
    self.places = places
    first = x.selected(places[0])
    second = x.selected(places[1])
    let products = first * second
    product = n % 2 == 0 ? products : Tensor.concatenate([products, x.selected(places[2])], axis: axis)
  }

  /// The elements' gradient from the products'.
  func gradient(_ gradient: Tensor, _ axis: Int) -> Tensor {
    let count = first.shape[axis]
    let own = gradient.sliced(axis: axis, from: 0, to: count)
    let parts = [own * second, own * first, gradient.sliced(axis: axis, from: count)]
    let base = Layout(shape)
    return Tensor.assembled(
      "prod", shape, dtype: gradient.dtype, device: gradient.device,
      parts: zip(parts, places).map { ($0, $1.applied(to: base)) }, fill: nil
    ) { [places] gradient in places.map { gradient.selected($0) } }
  }
}
