import Lathe

extension OpCase {
  /// Views, with their gradients; `exp` behind each shows that a consumer reads the layout rightly.
  static let viewCases: [OpCase] = {
    var cases: [OpCase] = []
    func add(
      _ name: String, _ shape: [Int], _ run: @escaping @Sendable (Tensor) -> Tensor,
      _ reference: @escaping @Sendable (NDArray) -> NDArray
    ) {
      cases.append(
        OpCase(
          name, [.float(shape)], tolerance: Tolerance(1e-7, floor: 1), gradient: [0], secondOrder: false,
          views: true,
          run: { run($0[0]) }, reference: { reference($0[0]) }))
      cases.append(
        OpCase(
          "\(name), squared", [.float(shape)], gradient: [0], secondOrder: true,
          run: { run($0[0]).square() }, reference: { reference($0[0]).map { $0 * $0 } }))
    }
    add("reshaped", [4, 6], { $0.reshaped(to: [3, 8]) }, { $0.reshaped([3, 8]) })
    add("reshaped -1", [4, 6], { $0.reshaped(to: [2, -1, 3]) }, { $0.reshaped([2, -1, 3]) })
    add("reshaped to scalar", [1, 1], { $0.reshaped(to: []) }, { $0.reshaped([]) })
    add(
      "reshaped after transposed", [4, 6], { $0.transposed().reshaped(to: [8, 3]) },
      { $0.transposed().reshaped([8, 3]) })
    add("flattened", [2, 3, 4], { $0.flattened(from: 1) }, { $0.reshaped([2, 12]) })
    add("transposed", [4, 6], { $0.transposed() }, { $0.transposed() })
    add("transposed 0 2", [2, 3, 4], { $0.transposed(0, 2) }, { $0.transposed(0, 2) })
    add("permuted", [2, 3, 4, 2], { $0.permuted([2, 0, 3, 1]) }, { $0.permuted([2, 0, 3, 1]) })
    add("squeezed", [2, 1, 3, 1], { $0.squeezed() }, { $0.reshaped([2, 3]) })
    add("squeezed 1", [2, 1, 3, 1], { $0.squeezed(1) }, { $0.reshaped([2, 3, 1]) })
    add("unsqueezed -1", [2, 3], { $0.unsqueezed(-1) }, { $0.unsqueezed(-1) })
    add("expanded", [3, 1, 2], { $0.expanded(to: [2, 3, 4, 2]) }, { $0.expanded(to: [2, 3, 4, 2]) })
    add("expanded scalar", [], { $0.expanded(to: [5]) }, { $0.expanded(to: [5]) })
    add(
      "sliced", [7, 5], { $0.sliced(axis: 0, from: 1, to: 6, step: 2) },
      { $0.sliced(0, from: 1, to: 6, step: 2) })
    add("sliced backwards", [7, 5], { $0.sliced(axis: 0, from: -2, to: 0, step: -2) }) {
      $0.sliced(0, from: -2, to: 0, step: -2)
    }
    add(
      "sliced to nothing", [7, 5], { $0.sliced(axis: 1, from: 3, to: 2) }, { $0.sliced(1, from: 3, to: 2) })
    add("sliced twice", [9, 5], { $0.sliced(axis: 0, step: 2).sliced(axis: 0, from: 1, step: 2) }) {
      $0.sliced(0, step: 2).sliced(0, from: 1, step: 2)
    }
    add("select", [4, 5, 3], { $0.select(axis: 1, index: -2) }, { $0.selected(1, -2) })
    add("flipped", [3, 4, 2], { $0.flipped([0, -1]) }, { $0.flipped([0, -1]) })
    add("subscript", [4, 5, 3], { $0[1..<3, .all, .slice(nil, nil, -1)] }) {
      $0.sliced(0, from: 1, to: 3).sliced(2, step: -1)
    }
    add("contiguous", [4, 5], { $0.transposed().contiguous() }, { $0.transposed() })
    for dtype in DType.allCases {
      let values: Values = dtype == .bool ? .bools : .integers(0, 100)
      cases.append(
        OpCase(
          "transposed contiguous \(dtype)", [InputSpec([33, 5], dtype, values)], dtype: dtype, views: true,
          run: { $0[0].transposed().contiguous() }, reference: { $0[0].transposed() }))
    }
    cases.append(
      OpCase(
        "transposed contiguous large", [.float([130, 93])], run: { $0[0].transposed().contiguous() },
        reference: { $0[0].transposed() }))
    cases.append(
      OpCase(
        "rank 8", [.float([2, 1, 3, 1, 2, 2, 1, 2])], gradient: [0], views: true,
        run: { $0[0].permuted([7, 5, 3, 1, 6, 4, 2, 0]) * 2 },
        reference: { $0[0].permuted([7, 5, 3, 1, 6, 4, 2, 0]) * NDArray(2) }))
    return cases
  }()

  static let joiningCases: [OpCase] = {
    var cases: [OpCase] = []
    for axis in [0, 1, -1] {
      cases.append(
        OpCase(
          "concatenate axis \(axis)",
          [2, 1, 3].map { size in
            InputSpec.float(axis == 0 ? [size, 3, 4] : (axis == 1 ? [2, size, 4] : [2, 3, size]))
          }, gradient: [0, 1, 2], views: true, run: { Tensor.concatenate($0, axis: axis) },
          reference: { NDArray.concatenate($0, axis: axis) }))
      cases.append(
        OpCase(
          "stack axis \(axis)", [.float([3, 4]), .float([3, 4])], gradient: [0, 1], views: axis == 0,
          run: { Tensor.stack($0, axis: axis) }, reference: { NDArray.stack($0, axis: axis) }))
    }
    for dtype in DType.allCases where dtype != .float32 {
      let values: Values = dtype == .bool ? .bools : .integers(0, 100)
      cases.append(
        OpCase(
          "concatenate of \(dtype)", [InputSpec([2, 3], dtype, values), InputSpec([2, 2], dtype, values)],
          dtype: dtype,
          run: { Tensor.concatenate($0, axis: 1) }, reference: { NDArray.concatenate($0, axis: 1) }))
    }
    cases += [
      OpCase(
        "concatenate types", [InputSpec([3], .int32, .counting), .float([2])],
        run: { Tensor.concatenate($0) },
        reference: { NDArray.concatenate($0) }),
      OpCase(
        "concatenate with nothing", [.float([0, 3]), .float([2, 3])], gradient: [1],
        run: { Tensor.concatenate($0) },
        reference: { NDArray.concatenate($0) }),
      OpCase(
        "concatenate squared", [.float([3]), .float([4])], gradient: [0, 1], secondOrder: true,
        run: { Tensor.concatenate($0).square() }, reference: { NDArray.concatenate($0).map { $0 * $0 } }),
      OpCase(
        "split sizes", [.float([3, 7])], gradient: [0], views: true,
        run: { x in
          let parts = x[0].split(sizes: [2, 4, 1], axis: 1)
          return parts[1] * parts[2]
        },
        reference: { x in
          let parts = x[0].split([2, 4, 1], axis: 1)
          return parts[1] * parts[2]
        }),
      OpCase(
        "split count", [.float([6, 2])], gradient: [0], run: { $0[0].split(count: 3, axis: 0)[2] },
        reference: { $0[0].split([2, 2, 2], axis: 0)[2] }),
      OpCase(
        "padded", [.float([3, 4])], gradient: [0], secondOrder: false, views: true,
        run: { $0[0].padded([(1, 2), (0, 3)], value: 1.5) },
        reference: { $0[0].padded([(1, 2), (0, 3)], value: 1.5) }),
      OpCase(
        "padded last axis, squared", [.float([3, 4])], gradient: [0], secondOrder: true,
        run: { $0[0].padded([(2, 1)]).square() },
        reference: { $0[0].padded([(0, 0), (2, 1)]).map { $0 * $0 } }),
      OpCase(
        "padded int32", [InputSpec([2, 3], .int32, .counting)], dtype: .int32,
        run: { $0[0].padded([(1, 1), (1, 0)], value: Int32(-7)) },
        reference: { $0[0].padded([(1, 1), (1, 0)], value: -7) }),
      OpCase(
        "padded nothing", [.float([0, 2])], run: { $0[0].padded([(1, 1), (0, 0)]) },
        reference: { $0[0].padded([(1, 1), (0, 0)]) }),
    ]
    for repeats in [[2, 3], [3], [2, 1, 2], [1, 1], [0, 2]] {
      cases.append(
        OpCase(
          "tiled \(repeats)", [.float([2, 3])], gradient: [0], views: repeats == [2, 3],
          run: { $0[0].tiled(repeats) },
          reference: { $0[0].tiled(repeats) }))
    }
    return cases
  }()
}
