import Lathe

extension OpCase {
  /// Vectors, matrices, filters, single elements and nothing, more than one launch of the largest kernels takes.
  private static let lists: [[Int]] = [
    [7], [33, 3], [], [65, 31], [1, 5, 5, 5], [0], [256], [1], [4, 3, 3], [16, 16], [2, 70],
  ]

  private static func flat(_ arrays: [NDArray]) -> NDArray {
    let values = arrays.flatMap(\.values)
    return NDArray([values.count], values)
  }

  private static func flat(_ tensors: [Tensor]) -> Tensor {
    Tensor.concatenate(tensors.map { $0.flattened() })
  }

  /// Many tensors in one launch, as optimizers use it: rules over lists, sums and means of all.
  static let listCases: [OpCase] = {
    let inputs = lists.map { InputSpec.float($0) }
    // Twenty vectors, so that a second launch is needed.
    let many = (0..<20).map { InputSpec.float([$0 * 3 + 1]) }
    let matrices: [[Int]] = [[33, 3], [5, 70], [16, 16], [2, 3, 3], [1, 2, 5, 4], [70, 130]]
    return [
      OpCase(
        "lists updated by a rule", inputs,
        run: { tensors in
          var lists = [tensors, tensors.map { $0 * 2 }]
          TensorLists.update(&lists) { _, t in [t[0] * 3 - t[1].square(), t[0] + t[1]] }
          return flat(lists[0] + lists[1])
        },
        reference: { arrays in
          flat(arrays.map { $0.map { 3 * $0 - 4 * $0 * $0 } } + arrays.map { $0.map { 3 * $0 } })
        }),
      OpCase(
        "a list of twenty updated in place", many,
        run: { tensors in
          var lists = [tensors.map { $0 + Float(1) }]
          TensorLists.compute(lists[0].map { [$0] })
          TensorLists.update(&lists) { _, t in [t[0] * t[0].abs()] }
          return flat(lists[0])
        },
        reference: { flat($0.map { $0.map { ($0 + 1) * abs($0 + 1) } }) }),
      OpCase(
        "a list times each one's number", inputs,
        run: { tensors in
          let numbers = TensorLists.vector(tensors, mean: true)
          var lists = [tensors]
          TensorLists.update(&lists) { place, t in
            [t[0] * numbers.select(axis: 0, index: place)]
          }
          return flat(lists[0])
        },
        reference: { flat($0.map { x in x.map { $0 * x.values.reduce(0, +) / Double(x.count) } }) }),
      OpCase(
        "sums of a list", inputs + [.float([20_000])], tolerance: .accumulated,
        run: { TensorLists.vector($0) }, reference: { flat($0.map { $0.sum() }) }),
      OpCase(
        "sums of a list's squares", inputs + [.float([8192 * 2])], tolerance: .accumulated,
        run: { TensorLists.vector($0, squares: true) },
        reference: { flat($0.map { $0.map { $0 * $0 }.sum() }) }),
      OpCase(
        "means of the rows of a list", matrices.map { .float($0) }, tolerance: .accumulated,
        run: { flat(TensorLists.means($0, axis: -1, squares: true)) },
        reference: { flat($0.map { $0.map { $0 * $0 }.mean([-1]) }) }),
      OpCase(
        "means of the columns of a list", matrices.map { .float($0) }, tolerance: .accumulated,
        run: { flat(TensorLists.means($0, axis: -2)) },
        reference: { flat($0.map { $0.mean([-2]) }) }),
      OpCase(
        "a list times its rows and columns", matrices.map { .float($0) }, tolerance: .accumulated,
        run: { tensors in
          let rows = TensorLists.means(tensors, axis: -1)
          let columns = TensorLists.means(tensors, axis: -2)
          var lists = [tensors]
          TensorLists.update(&lists) { place, t in [t[0] * rows[place] + columns[place]] }
          return flat(lists[0])
        },
        reference: { arrays in
          flat(
            arrays.map { x in
              let rows = x.mean([-1], keepDims: true)
              let columns = x.mean([-2], keepDims: true)
              return x * rows + columns
            })
        }),
    ]
  }()
}
