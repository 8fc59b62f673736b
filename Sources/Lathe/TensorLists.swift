import LatheCore

/// Work on many tensors in a few launches for all of them, whatever their shapes.
package enum TensorLists {
  /// Computes deferred tensors; a group's tensors come from one kernel, and groups with the same formula share a launch.
  ///
  /// - Parameter groups: Tensors of one shape each. A failure stays in the tensors and is thrown where they are read.
  package static func compute(_ groups: [[Tensor]]) {
    guard let device = groups.first(where: { !$0.isEmpty })?[0].device else { return }
    device.computationLock.withLock {
      Fusion.runEach(groups, on: device)
    }
  }

  /// Replaces the tensors of each place in the lists by what a rule of element-wise operations makes of them.
  ///
  /// Memory that the lists alone hold is used again.
  ///
  /// - Parameters:
  ///   - lists: One tensor a place each; afterwards as many lists as the rule has results.
  ///   - rule: From a place and the lists' tensors there to new ones of one shape.
  package static func update(
    _ lists: inout [[Tensor]], _ rule: (_ place: Int, _ tensors: [Tensor]) -> [Tensor]
  ) {
    guard let count = lists.first?.count else { return }
    require(lists.allSatisfy { $0.count == count }, "update: lists of \(lists.map(\.count)) tensors")
    var groups: [[Tensor]] = []
    for place in 0..<count {
      // Moved out, so that afterwards the expressions alone hold them.
      var tensors: [Tensor] = []
      for list in lists.indices {
        tensors.append(lists[list][place].detached())
        lists[list][place] = vacant
      }
      groups.append(rule(place, tensors))
    }
    compute(groups)
    lists = (groups.first ?? []).indices.map { list in groups.map { $0[list] } }
  }

  /// The sums of each tensor's elements, or of their squares, as a vector with an element per tensor.
  ///
  /// - Parameter mean: Whether the sums are divided by the number of elements.
  package static func vector(_ tensors: [Tensor], squares: Bool = false, mean: Bool = false) -> Tensor {
    if tensors.contains(where: { $0.dtype == .float64 }) {
      return Tensor.stack(
        tensors.map { tensor in
          let x = tensor.detached().cast(to: .float64)
          let sum = (squares ? x.square() : x).sum()
          return mean ? sum / Double(tensor.count) : sum
        })
    }
    let parts = tensors.map { tensor in
      let rows = max(1, (tensor.count + chunk - 1) / chunk)
      return AxisSum(outer: rows, count: chunk, inner: 1, missing: rows * chunk - tensor.count)
    }
    let partial = run(floats(tensors), parts, squares: squares)
    var first = 0
    var pieces: [Tensor] = []
    var totals: [AxisSum] = []
    for (tensor, part) in zip(tensors, parts) {
      pieces.append(partial.sliced(axis: 0, from: first, to: first + part.outer))
      totals.append(
        AxisSum(outer: 1, count: part.outer, inner: 1, divisor: mean ? Float(tensor.count) : 1))
      first += part.outer
    }
    return run(pieces, totals, squares: false)
  }

  /// The means along an axis, or of the squares, with that axis of size 1: views of one vector.
  package static func means(_ tensors: [Tensor], axis: Int, squares: Bool = false) -> [Tensor] {
    if tensors.contains(where: { $0.dtype == .float64 }) {
      return tensors.map { tensor in
        let x = tensor.detached().cast(to: .float64)
        return (squares ? x.square() : x).mean(axis: axis, keepDims: true)
      }
    }
    let places = tensors.map { $0.axis(axis, "means") }
    let sums = zip(tensors, places).map { tensor, axis in
      let count = tensor.shape[axis]
      let inner = tensor.shape.dropFirst(axis + 1).reduce(1, *)
      return AxisSum(
        outer: tensor.shape.prefix(axis).reduce(1, *), count: count, inner: inner, divisor: Float(count))
    }
    let all = run(floats(tensors), sums, squares: squares)
    var first = 0
    return zip(zip(tensors, places), sums).map { tensor, sum in
      var shape = tensor.0.shape
      shape[tensor.1] = 1
      let part = all.sliced(axis: 0, from: first, to: first + sum.sumCount).reshaped(to: shape)
      first += sum.sumCount
      return part
    }
  }

  /// What stands in a list for a tensor that was moved out.
  private static let vacant = Tensor.zeros([], device: .cpu)

  /// Elements that one sum adds before the sums of a tensor are added: enough parts for every core.
  private static let chunk = 8192

  /// Contiguous float32 tensors of the same values; what is deferred runs together.
  static func floats(_ tensors: [Tensor]) -> [Tensor] {
    let wide = tensors.map { $0.detached().cast(to: .float32) }
    compute(wide.map { [$0] })
    return wide.map { $0.contiguous() }
  }

  private static func run(_ tensors: [Tensor], _ sums: [AxisSum], squares: Bool) -> Tensor {
    let total = sums.reduce(0) { $0 + $1.sumCount }
    return Tensor.run(
      .sumEach(sums, squares: squares), tensors, output: [total],
      device: tensors.first?.device ?? .default)
  }
}
