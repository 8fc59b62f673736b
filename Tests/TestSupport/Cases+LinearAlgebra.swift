import Glibc
import Lathe

/// A diagonal that makes a matrix well conditioned.
private func shifted(_ x: Tensor, _ by: Float) -> Tensor {
  x + Tensor.eye(x.shape[x.rank - 1], device: x.device) * by
}
private func shifted(_ x: NDArray, _ by: Double) -> NDArray {
  x + NDArray(Array(x.shape.suffix(2))) { $0[0] == $0[1] ? by : 0 }
}
private func definite(_ x: Tensor) -> Tensor { shifted(x.matmul(x.transposed()), 1) }
private func definite(_ x: NDArray) -> NDArray { shifted(NDArray.matmul(x, x.transposed()), 1) }
private func symmetric(_ x: Tensor) -> Tensor { (x + x.transposed()) * 0.5 }
private func symmetric(_ x: NDArray) -> NDArray { (x + x.transposed()).map { $0 / 2 } }
private func squares(_ x: NDArray) -> NDArray { x.map { $0 * $0 } }
/// Of a matrix [m, n] by those of its products with itself.
private func decomposed(_ x: NDArray) -> (u: NDArray, s: [Double], vt: NDArray) {
  let k = Swift.min(x.shape[0], x.shape[1])
  func falling(_ a: NDArray) -> ([Double], NDArray) {
    let (values, vectors) = a.eigh()
    let order = Array((0..<values.count).reversed().prefix(k))
    return (order.map { values[$0] }, vectors.picking(1, order))
  }
  let (values, u) = falling(NDArray.matmul(x, x.transposed()))
  return (u, values.map { $0.squareRoot() }, falling(NDArray.matmul(x.transposed(), x)).1.transposed())
}

extension OpCase {
  /// Linear algebra, which every device leaves to the CPU; of vectors without a sign the squares are compared.
  static let linearAlgebraCases: [OpCase] = {
    var cases: [OpCase] = [
      OpCase(
        "cholesky", [.float([2, 4, 4], .uniform(-1, 1))], tolerance: .accumulated, gradient: [0],
        secondOrder: true,
        views: true, run: { definite($0[0]).cholesky() },
        reference: { definite($0[0]).mapMatrices { $0.cholesky() } }),
      OpCase(
        "eigh values", [.float([2, 4, 4])], tolerance: .accumulated, gradient: [0], views: true,
        run: { symmetric($0[0]).eigh().values },
        reference: { symmetric($0[0]).mapMatrices { NDArray([4], $0.eigh().values) } }),
      OpCase(
        "eigh vectors", [.float([3, 3], .list([2, 0.5, -1, 0.3, -1, 0.2, 0.4, -0.6, 0.5]))],
        tolerance: .accumulated,
        gradient: [0], run: { symmetric($0[0]).eigh().vectors.square() },
        reference: { squares(symmetric($0[0]).eigh().vectors) }),
      OpCase(
        "solve", [.float([2, 4, 4]), .float([2, 4, 3])], tolerance: .accumulated, gradient: [0, 1],
        secondOrder: true, views: true, run: { shifted($0[0], 5).solve($0[1]) },
        reference: { x in
          let a = shifted(x[0], 5)
          return NDArray.stack((0..<2).map { a.selected(0, $0).solve(x[1].selected(0, $0)) })
        }),
      OpCase(
        "solve one column", [.float([3, 3]), .float([3])], tolerance: .accumulated, gradient: [0, 1],
        run: { shifted($0[0], 5).solve($0[1]) },
        reference: { shifted($0[0], 5).solve($0[1].unsqueezed(1)).reshaped([3]) }),
      OpCase(
        "inverse", [.float([4, 4])], tolerance: .accumulated, gradient: [0],
        run: { shifted($0[0], 5).inverse() },
        reference: { shifted($0[0], 5).solve(NDArray([4, 4]) { $0[0] == $0[1] ? 1 : 0 }) }),
      OpCase(
        "determinant", [.float([2, 4, 4])], tolerance: .accumulated, gradient: [0], secondOrder: true,
        run: { $0[0].determinant() }, reference: { $0[0].mapMatrices { NDArray($0.determinant()) } }),
      OpCase(
        "determinant of nothing", [.float([2, 0, 0])], run: { $0[0].determinant() },
        reference: { _ in NDArray([2], [1, 1]) }),
      OpCase(
        "cholesky float16", [InputSpec([2, 2], .float16, .list([4, 2, 2, 3]))], dtype: .float16,
        run: { $0[0].cholesky() }, reference: { $0[0].cholesky() }),
    ]
    for upper in [true, false] {
      cases.append(
        OpCase(
          "solveTriangular \(upper ? "upper" : "lower")", [.float([4, 4]), .float([4, 2])],
          tolerance: .accumulated,
          gradient: [0, 1], run: { shifted($0[0], 4).solveTriangular($0[1], upper: upper) },
          reference: {
            let a = shifted($0[0], 4)
            return (upper ? a.triu() : a.tril()).solve($0[1])
          }))
    }
    for (m, n) in [(5, 3), (3, 3), (2, 4)] {
      let x = InputSpec.float([m, n])
      cases += [
        OpCase(
          "qr q \(m) x \(n)", [x], tolerance: .accumulated, gradient: [0], secondOrder: m == 5,
          run: { $0[0].qr().q.square() }, reference: { squares($0[0].qr().q) }),
        OpCase(
          "qr r \(m) x \(n)", [x], tolerance: .accumulated, gradient: [0], run: { $0[0].qr().r.square() },
          reference: { squares($0[0].qr().r) }),
        OpCase(
          "svd s \(m) x \(n)", [x], tolerance: .accumulated, gradient: [0], run: { $0[0].svd().s },
          reference: { x in
            let s = decomposed(x[0]).s
            return NDArray([s.count], s)
          }),
        OpCase(
          "svd u \(m) x \(n)", [x], tolerance: .accumulated, gradient: [0], run: { $0[0].svd().u.square() },
          reference: { squares(decomposed($0[0]).u) }),
        OpCase(
          "svd vt \(m) x \(n)", [x], tolerance: .accumulated, gradient: [0], run: { $0[0].svd().vt.square() },
          reference: { squares(decomposed($0[0]).vt) }),
        OpCase(
          "svd whole \(m) x \(n)", [x], tolerance: .accumulated,
          run: { x in
            let (u, s, vt) = x[0].svd()
            return (u * s.unsqueezed(-2)).matmul(vt)
          }, reference: { $0[0] }),
        OpCase(
          "lstsq \(m) x \(n)", [x, .float([m, 2])], tolerance: .accumulated, gradient: [0, 1],
          run: { $0[0].lstsq($0[1]) },
          reference: { x in
            let (a, t) = (x[0], x[0].transposed())
            if m >= n { return NDArray.matmul(t, a).solve(NDArray.matmul(t, x[1])) }
            return NDArray.matmul(t, NDArray.matmul(a, t).solve(x[1]))
          }),
      ]
    }
    return cases.map {
      var opCase = $0
      opCase.runsOnHost = true
      opCase.composesSecondOrder = true
      return opCase
    }
  }()
}
