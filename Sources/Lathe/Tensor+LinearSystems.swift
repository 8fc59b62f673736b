import LatheCore

extension Tensor {
  /// The solution x of this matrix times x = b; see the notes on linear algebra for where it is computed.
  ///
  /// - Parameter b: [..., n, columns], or [..., n] for one column; the axes in front broadcast.
  /// - Returns: A tensor like b. A singular matrix is an `invalidArgument` error, thrown where values are read.
  public func solve(_ b: Tensor) -> Tensor {
    system("solve", b) { $0.solvedGeneral($1) }
  }

  /// The solution x of a triangle's equations; the other triangle is not read.
  ///
  /// - Parameters:
  ///   - b: [..., n, columns], or [..., n] for one column; the axes in front broadcast.
  ///   - upper: Which triangle.
  public func solveTriangular(_ b: Tensor, upper: Bool) -> Tensor {
    system("solveTriangular", b) { $0.solvedTriangle(upper: upper, $1) }
  }

  /// The inverse of each matrix.
  ///
  /// - Returns: [..., n, n]. A singular matrix is an `invalidArgument` error, thrown where values are read.
  public func inverse() -> Tensor {
    let n = squareSize("inverse")
    return solve(Tensor.eye(n, dtype: dtype.floatType, device: device).expanded(to: shape))
  }

  /// The x for which this matrix times x is closest to b; of a wide matrix the shortest such x.
  ///
  /// Columns (of a wide matrix rows) must not depend on one another: else it is an `invalidArgument` error, thrown where
  /// values are read, or what rounding leaves of them.
  ///
  /// - Parameter b: [..., m, columns], or [..., m] for one column.
  /// - Returns: [..., n, columns], or [..., n].
  public func lstsq(_ b: Tensor) -> Tensor {
    require(rank >= 2, "lstsq: a tensor of shape \(shape), not of matrices [..., m, n]")
    if b.rank == rank - 1 { return lstsq(b.unsqueezed(-1)).squeezed(-1) }
    require(
      b.rank >= 2 && b.shape[b.rank - 2] == shape[rank - 2],
      "lstsq: matrices \(shape) and right sides \(b.shape): expected [..., m, n] and [..., m, columns]")
    if b.dtype == .float64, dtype != .float64 { return cast(to: .float64).lstsq(b) }
    if shape[rank - 2] >= shape[rank - 1] {
      let (q, r) = qr()
      return r.solveTriangular(q.transposed().matmul(b.cast(to: q.dtype)), upper: true)
    }
    let (q, r) = transposed().qr()
    return q.matmul(r.transposed().solveTriangular(b.cast(to: q.dtype), upper: false))
  }

  /// Checks shapes and types of a system, and solves it in float32 or float64 with axes in front that are the same.
  private func system(
    _ name: StaticString, _ b: Tensor, _ solve: (Tensor, Tensor) -> Tensor
  ) -> Tensor {
    let n = squareSize(name)
    if b.rank == rank - 1 && b.rank >= 1 && b.shape[b.rank - 1] == n {
      return system(name, b.unsqueezed(-1), solve).squeezed(-1)
    }
    require(
      b.rank >= 2 && b.shape[b.rank - 2] == n,
      "\(name): matrices \(shape) and right sides \(b.shape): expected [..., n, n] and [..., n, columns]")
    Tensor.requireOneDevice(name, self, b)
    guard let front = Shape.broadcast(Shape(shape.dropLast(2)), Shape(b.shape.dropLast(2))) else {
      stop("\(name): axes in front of matrices \(shape) and right sides \(b.shape) do not broadcast")
    }
    let common = DType.promote(dtype, b.dtype)
    let columns = b.shape[b.rank - 1]
    let x = solve(
      cast(to: common.floatType).expanded(to: front.appending(n).appending(n)),
      b.cast(to: common.floatType).expanded(to: front.appending(n).appending(columns)))
    return x.cast(to: common.isFloatingPoint ? common : .float32)
  }

  private func solved(_ kind: LinearSystem, _ b: Tensor) -> Tensor {
    let n = shape[rank - 1]
    return Tensor.run(
      .linearSystem(
        kind, batch: Shape(shape.dropLast(2)).elementCount, n: n, columns: b.shape[b.rank - 1]),
      [detached().contiguous(), b.detached().contiguous()], output: b.shape, dtype: b.dtype)
  }

  private func solvedGeneral(_ b: Tensor) -> Tensor {
    let a = self
    return solved(.general, b).recorded("solve", [a, b], savesOutput: true) { gradient, output in
      guard let output else { return [nil, nil] }
      let gb = a.transposed().solvedGeneral(gradient)
      return [a.node == nil ? nil : -(gb.matmul(output.transposed())), gb]
    }
  }

  /// The solution of a triangle's equations, float32 and with equal axes in front.
  func solvedTriangle(upper: Bool, _ b: Tensor) -> Tensor {
    let a = self
    return solved(upper ? .upper : .lower, b).recorded("solveTriangular", [a, b], savesOutput: true) {
      gradient, output in
      guard let output else { return [nil, nil] }
      let gb = a.transposed().solvedTriangle(upper: !upper, gradient)
      let ga = -(gb.matmul(output.transposed()))
      return [a.node == nil ? nil : upper ? ga.triu() : ga.tril(), gb]
    }
  }
}
