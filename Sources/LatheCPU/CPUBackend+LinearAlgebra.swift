import LatheCore

// Matrices are taken apart in float64: by a LAPACK found at run time, or by Lathe's own loops.

extension CPUBackend {
  package func factorize(
    _ kind: MatrixFactorization, batch: Int, rows: Int, columns: Int, inputs: [Operand], outputs: [Operand]
  ) throws {
    guard batch > 0, outputs.contains(where: { $0.elementCount > 0 }) else { return }
    counters.launched()
    let sizes = outputs.map { $0.elementCount / batch }
    for i in 0..<batch {
      let a = DenseMatrix(rows, columns, from: inputs[0], at: i * rows * columns)
      guard a.isFinite else {
        throw LatheError(.invalidArgument, "\(kind): matrix \(i) has elements that are infinite or NaN")
      }
      func store(_ part: Int, _ values: [Double]) {
        DenseMatrix.store(values, outputs[part], at: i * sizes[part])
      }
      func store(_ part: Int, _ matrix: DenseMatrix) { matrix.store(outputs[part], at: i * sizes[part]) }
      switch kind {
      case .cholesky:
        guard let l = LAPACKLibrary.shared?.cholesky(a) ?? a.cholesky() else {
          throw LatheError(
            .invalidArgument,
            "cholesky: matrix \(i) is not positive definite; add a small number to its diagonal")
        }
        store(0, l)
      case .qr:
        let (q, r) = LAPACKLibrary.shared?.qr(a) ?? a.qr()
        store(0, q)
        store(1, r)
      case .eigh:
        let (values, vectors) = LAPACKLibrary.shared?.eigh(a) ?? a.eigh()
        store(0, values)
        store(1, vectors)
      case .svd:
        let (u, s, vt) = LAPACKLibrary.shared?.svd(a) ?? a.svd()
        store(0, u)
        store(1, s)
        store(2, vt)
      case .determinant:
        let (lu, pivots) = rows == 0 ? a.lu() : LAPACKLibrary.shared?.lu(a) ?? a.lu()
        store(0, [pivots.enumerated().reduce(1.0) { $0 * lu[$1.0, $1.0] * ($1.0 == $1.1 ? 1 : -1) }])
      }
    }
  }

  package func solve(
    _ kind: LinearSystem, batch: Int, n: Int, columns: Int, inputs: [Operand], outputs: [Operand]
  ) throws {
    guard outputs[0].elementCount > 0 else { return }
    counters.launched()
    for i in 0..<batch {
      let matrix = DenseMatrix(n, n, from: inputs[0], at: i * n * n)
      var x = DenseMatrix(n, columns, from: inputs[1], at: i * n * columns)
      var triangles = matrix
      if kind == .general {
        let (lu, pivots) = LAPACKLibrary.shared?.lu(matrix) ?? matrix.lu()
        triangles = lu
        for (k, pivot) in pivots.enumerated() where pivot != k {
          for j in 0..<columns {
            let t = x[k, j]
            x[k, j] = x[pivot, j]
            x[pivot, j] = t
          }
        }
      }
      guard (0..<n).allSatisfy({ triangles[$0, $0] != 0 }) else {
        throw LatheError(
          .invalidArgument, "solve: matrix \(i) is singular: its equations have no single solution")
      }
      if kind != .upper { x.substitute(triangles, lower: true, unitDiagonal: kind == .general) }
      if kind != .lower { x.substitute(triangles, lower: false, unitDiagonal: false) }
      x.store(outputs[0], at: i * n * columns)
    }
  }
}

extension DenseMatrix {
  /// Becomes the solution of a triangle's equations for its columns.
  fileprivate mutating func substitute(_ a: DenseMatrix, lower: Bool, unitDiagonal: Bool) {
    for j in 0..<columns {
      for step in 0..<rows {
        let k = lower ? step : rows - 1 - step
        if !unitDiagonal { self[k, j] /= a[k, k] }
        let value = self[k, j]
        if value == 0 { continue }
        for i in lower ? k + 1..<max(rows, k + 1) : 0..<k { self[i, j] -= value * a[i, k] }
      }
    }
  }
}
