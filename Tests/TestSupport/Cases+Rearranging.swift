import Lathe

extension OpCase {
  static let rearrangingCases: [OpCase] = {
    var cases: [OpCase] = []
    for (shift, axis) in [(1, 0), (-2, 1), (7, -1), (0, 0)] {
      cases.append(
        OpCase(
          "rolled \(shift) along \(axis)", [.float([4, 5, 3])], gradient: [0], views: shift == 1,
          run: { $0[0].rolled(shift, axis: axis) }, reference: { $0[0].rolled(shift, axis) }))
    }
    cases += [
      OpCase(
        "rolled flat", [.float([3, 5])], gradient: [0], run: { $0[0].rolled(4) },
        reference: { $0[0].reshaped([15]).rolled(4, 0).reshaped([3, 5]) }),
      OpCase(
        "rolled two axes", [InputSpec([3, 4], .int64, .counting)], dtype: .int64,
        run: { $0[0].rolled([1, -1], axes: [0, 1]) }, reference: { $0[0].rolled(1, 0).rolled(-1, 1) }),
      OpCase("rolled nothing", [.float([0, 3])], run: { $0[0].rolled(2, axis: 0) }, reference: { $0[0] }),
      OpCase(
        "repeatInterleave", [.float([3, 4, 2])], gradient: [0], secondOrder: true, views: true,
        run: { $0[0].repeatInterleave(3, axis: 1).square() },
        reference: { $0[0].repeatInterleave([3, 3, 3, 3], 1).map { $0 * $0 } }),
      OpCase(
        "repeatInterleave flat", [InputSpec([2, 3], .int32, .counting)], dtype: .int32,
        run: { $0[0].repeatInterleave(2) },
        reference: { $0[0].reshaped([6]).repeatInterleave(Array(repeating: 2, count: 6), 0) }),
      OpCase(
        "repeatInterleave counts", [.float([2, 4]), .index([4], .list([2, 0, 1, 3]))], gradient: [0],
        run: { $0[0].repeatInterleave($0[1], axis: 1) },
        reference: { $0[0].repeatInterleave([2, 0, 1, 3], 1) }),
      OpCase(
        "diff", [.float([3, 6])], gradient: [0], views: true, run: { $0[0].diff() },
        reference: { $0[0].diff(-1) }),
      OpCase(
        "diff order 2", [.float([5, 2])], gradient: [0], run: { $0[0].diff(order: 2, axis: 0) },
        reference: { $0[0].diff(0).diff(0) }),
      OpCase(
        "diff bool", [InputSpec([9], .bool, .bools)], dtype: .bool, run: { $0[0].diff() },
        reference: { $0[0].diff(0).map { $0 * $0 } }),
      OpCase(
        "diff of more than there is", [.float([2, 3])], run: { $0[0].diff(order: 5) },
        reference: { _ in NDArray([2, 0], []) }),
    ]
    for offset in [-1, 0, 2, 9] {
      cases.append(
        OpCase(
          "diagonal \(offset)", [.float([4, 2, 5])], gradient: [0], views: offset == 0,
          run: { $0[0].diagonal(offset: offset, axis1: 0, axis2: 2) },
          reference: { $0[0].diagonal(offset, 0, 2) }))
    }
    cases.append(
      OpCase(
        "diagonal turned", [.float([4, 5])], gradient: [0], secondOrder: true,
        run: { $0[0].diagonal(offset: 1, axis1: 1, axis2: 0).square() },
        reference: { $0[0].diagonal(1, 1, 0).map { $0 * $0 } }))
    return cases
  }()

  static let normCases: [OpCase] = {
    var cases: [OpCase] = []
    for order: Float in [2, 1, 3, 1.5, 0.5, -2, .infinity, -.infinity, 0] {
      cases.append(
        OpCase(
          "norm \(order)", [.float([4, 7, 3], .signed(0.3, 2))], tolerance: .accumulated,
          gradient: order == 0 ? [] : [0], secondOrder: [2, 1.5, 3].contains(order), views: order == 3,
          run: { $0[0].norm(order: order, axes: [0, -1], keepDims: order == 3) },
          reference: { $0[0].norm(Double(order), [0, 2], keepDims: order == 3) }))
    }
    cases += [
      OpCase(
        "norm of small numbers", [.float([5], .list([3e-30, -4e-30, 0]))],
        tolerance: Tolerance(4e-6, floor: 0),
        run: { $0[0].norm(order: 3) }, reference: { $0[0].norm(3) }),
      OpCase(
        "norm int32", [InputSpec([4, 3], .int32, .integers(-9, 9))], tolerance: .accumulated,
        run: { $0[0].norm(axis: 1) }, reference: { $0[0].norm(2, [1]) }),
      OpCase(
        "norm float16", [InputSpec([4, 3], .float16, .uniform(-2, 2))], dtype: .float16,
        run: { $0[0].norm(order: 1, axis: 1) }, reference: { $0[0].norm(1, [1]) }),
      OpCase("norm of nothing", [.float([3, 0])], run: { $0[0].norm(order: 3, axis: 1) }) {
        $0[0].norm(3, [1])
      },
    ]
    for order: Float in [2, 1, 3, .infinity] {
      cases.append(
        OpCase(
          "cdist \(order)", [.float([2, 5, 3]), .float([1, 4, 3])], tolerance: .accumulated,
          gradient: [0, 1],
          secondOrder: order == 2, views: order == 2, run: { Tensor.cdist($0[0], $0[1], order: order) },
          reference: { NDArray.cdist($0[0], $0[1], Double(order)) }))
    }
    return cases
  }()

  static let einsumCases: [OpCase] = {
    let rows: [(String, [[Int]])] = [
      ("ij,jk->ik", [[3, 4], [4, 5]]), ("bij,bjk->bik", [[2, 3, 4], [2, 4, 5]]), ("i,j->ij", [[3], [4]]),
      ("ij->ji", [[3, 4]]), ("ij->", [[3, 4]]), ("ii->i", [[4, 4]]), ("ii->", [[4, 4]]),
      ("iij->ji", [[3, 3, 2]]),
      ("ij,ij->i", [[3, 4], [3, 4]]), ("ijk,kl,jm->ilm", [[2, 3, 4], [4, 2], [3, 5]]), ("i,i->", [[5], [5]]),
      ("bqhd,bkhd->bhqk", [[2, 3, 2, 4], [2, 5, 2, 4]]), ("ij,k->ik", [[3, 4], [2]]),
      (",ij->ij", [[], [2, 3]]),
      ("ii,ij->j", [[3, 3], [3, 2]]),
    ]
    var cases = rows.map { equation, shapes in
      OpCase(
        "einsum \(equation)", shapes.map { .float($0) }, tolerance: .accumulated,
        gradient: Array(shapes.indices),
        secondOrder: equation == "bij,bjk->bik", views: shapes.count == 2 && shapes[0].count > 1,
        run: { Tensor.einsum(equation, $0) }, reference: { NDArray.einsum(equation, $0) })
    }
    cases += [
      OpCase(
        "einsum implicit", [.float([3, 4]), .float([4, 2])], tolerance: .accumulated,
        run: { Tensor.einsum("ba, ac", $0[0], $0[1]) }, reference: { NDArray.einsum("ba,ac->bc", $0) }),
      OpCase(
        "einsum ellipsis", [.float([2, 3, 4, 5]), .float([3, 5, 2])], tolerance: .accumulated,
        gradient: [0, 1],
        run: { Tensor.einsum("...ij,...jk->...ik", $0[0], $0[1]) },
        reference: { NDArray.einsum("abij,bjk->abik", $0) }),
      OpCase(
        "einsum ellipsis broadcasts", [.float([2, 1, 4]), .float([3, 4])], tolerance: .accumulated,
        gradient: [0, 1],
        run: { Tensor.einsum("...i,...i", $0[0], $0[1]) },
        reference: { x in
          NDArray.einsum("abi,abi->ab", [x[0].expanded(to: [2, 3, 4]), x[1].expanded(to: [2, 3, 4])])
        }),
      OpCase(
        "einsum int32",
        [InputSpec([3, 4], .int32, .integers(-9, 9)), InputSpec([4, 2], .int32, .integers(-9, 9))],
        dtype: .int32, run: { Tensor.einsum("ij,jk->ik", $0[0], $0[1]) },
        reference: { NDArray.einsum("ij,jk->ik", $0) }),
      OpCase(
        "einsum of nothing", [.float([3, 0]), .float([0, 2])],
        run: { Tensor.einsum("ij,jk->ik", $0[0], $0[1]) },
        reference: { _ in NDArray([3, 2], filledWith: 0) }),
    ]
    return cases
  }()
}
