import LatheCore

// Matrices in the last two axes, the axes in front count them. All of this is done on the CPU in float64 and rounded to
// float32 (16-bit types to themselves) unless the matrices are of float64: tensors of an OpenCL device go through the host's memory, which its counter
// `fallbacks` shows. What is wrong with a matrix (singular, not positive definite, NaN) is an `invalidArgument` error, thrown
// where values are read.

extension Tensor {
  /// The lower triangle l of a symmetric, positive definite matrix with l l^T equal to it; its lower triangle is read.
  ///
  /// - Returns: [..., n, n], zeros above the diagonal.
  public func cholesky() -> Tensor {
    let n = squareSize("cholesky")
    let x = inFloatType
    return x.factors(.cholesky, [[n, n]])[0].recorded("cholesky", [x]) { gradient, _ in
      // l^-T P l^-1 with P the lower triangle of l^T g, half of its diagonal.
      let l = GradientMode.isRecording ? x.cholesky() : x.detached().cholesky()
      let half = Tensor.eye(n, device: x.device) * Float(0.5)
      let product = l.transposed().matmul(gradient)
      let p = product.tril() - product * half
      let left = l.transposed().solvedTriangle(upper: true, p)
      let s = l.transposed().solvedTriangle(upper: true, left.transposed()).transposed()
      return [(s + s.transposed()) * Float(0.5)]
    }.cast(to: algebraType)
  }

  /// The product of a matrix with orthonormal columns and an upper triangle that a matrix is.
  ///
  /// Its gradient asks for columns that do not depend on one another (of a wide matrix those in front).
  ///
  /// - Returns: q [..., m, k] and r [..., k, n] with k the smaller of m and n; signs are LAPACK's.
  public func qr() -> (q: Tensor, r: Tensor) {
    let (m, n) = matrixSizes("qr")
    let k = Swift.min(m, n)
    let x = inFloatType
    let parts = x.factors(.qr, [[m, k], [k, n]])
    @Sendable func again() -> (Tensor, Tensor) { GradientMode.isRecording ? x.qr() : (parts[0], parts[1]) }
    let q = parts[0].recorded("qr", [x]) { gradient, _ in
      let (q, r) = again()
      return [Tensor.qrGradient(q, r, gradient, nil)]
    }
    let r = parts[1].recorded("qr", [x]) { gradient, _ in
      let (q, r) = again()
      return [Tensor.qrGradient(q, r, nil, gradient)]
    }
    return (q.cast(to: algebraType), r.cast(to: algebraType))
  }

  private static func qrGradient(_ q: Tensor, _ r: Tensor, _ gq: Tensor?, _ gr: Tensor?) -> Tensor {
    let (k, n) = (r.shape[r.rank - 2], r.shape[r.rank - 1])
    if n > k {
      // The columns behind the first k are x2 = q r2: r2 is q^T x2, so that q takes x2 times the gradient of r2.
      let (first, rest) = (r.sliced(axis: -1, to: k), r.sliced(axis: -1, from: k))
      let grest = gr?.sliced(axis: -1, from: k)
      let behind = q.matmul(rest)
      let through = grest.map { behind.matmul($0.transposed()) }
      let total = gq.map { g in through.map { g + $0 } ?? g } ?? through
      let front = qrGradient(q, first, total, gr?.sliced(axis: -1, to: k))
      return concatenate([front, grest.map { q.matmul($0) } ?? behind.zeroLike], axis: -1)
    }
    var m: Tensor?
    if let gr { m = r.matmul(gr.transposed()) }
    if let gq {
      let product = gq.transposed().matmul(q)
      m = m.map { $0 - product } ?? -product
    }
    guard let m else { return q.zeroLike }
    let mirrored = m.tril() + m.tril(diagonal: -1).transposed()
    let x = gq.map { $0 + q.matmul(mirrored) } ?? q.matmul(mirrored)
    return r.solvedTriangle(upper: true, x.transposed()).transposed()
  }

  /// Zeros of this shape.
  private var zeroLike: Tensor { Tensor.zeros(shape, dtype: dtype, device: device) }

  /// Eigenvalues, rising, and eigenvectors of a symmetric matrix, of which the lower triangle is read.
  ///
  /// Gradients are symmetric, as PyTorch's; that of the vectors asks for different eigenvalues.
  ///
  /// - Returns: values [..., n] and vectors [..., n, n], one in each column.
  public func eigh() -> (values: Tensor, vectors: Tensor) {
    let n = squareSize("eigh")
    let x = inFloatType
    let parts = x.factors(.eigh, [[n], [n, n]])
    @Sendable func again() -> (Tensor, Tensor) { GradientMode.isRecording ? x.eigh() : (parts[0], parts[1]) }
    let values = parts[0].recorded("eigh", [x]) { gradient, _ in
      let v = again().1
      return [(v * gradient.unsqueezed(-2)).matmul(v.transposed())]
    }
    let vectors = parts[1].recorded("eigh", [x]) { gradient, _ in
      let (values, v) = again()
      let inner = v.transposed().matmul(gradient).overDifferences(values)
      // Both triangles get half, as a step along the gradient leaves the matrix symmetric then.
      return [v.matmul((inner + inner.transposed()) * Float(0.5)).matmul(v.transposed())]
    }
    return (values.cast(to: algebraType), vectors.cast(to: algebraType))
  }

  /// Elements [i, j] divided by `values[j] - values[i]`, 0 on the diagonal.
  private func overDifferences(_ values: Tensor) -> Tensor {
    let isDiagonal = Tensor.eye(values.shape[values.rank - 1], dtype: .bool, device: device)
    let difference = values.unsqueezed(-2) - values.unsqueezed(-1)
    return Tensor.where(isDiagonal, Float(0), self / Tensor.where(isDiagonal, Float(1), difference))
  }

  /// The singular value decomposition u s v^T of a matrix.
  ///
  /// The gradient of the vectors asks for different singular values other than 0.
  ///
  /// - Returns: u [..., m, k], falling values s [..., k] and v^T [..., k, n], with k the smaller of m and n.
  public func svd() -> (u: Tensor, s: Tensor, vt: Tensor) {
    let (m, n) = matrixSizes("svd")
    let k = Swift.min(m, n)
    let x = inFloatType
    let parts = x.factors(.svd, [[m, k], [k], [k, n]])
    @Sendable func again() -> (u: Tensor, s: Tensor, vt: Tensor) {
      GradientMode.isRecording ? x.svd() : (parts[0], parts[1], parts[2])
    }
    /// Half of the rotation that a change of vectors is.
    @Sendable func skew(_ product: Tensor, _ s: Tensor) -> Tensor {
      (product - product.transposed()).overDifferences(s.square())
    }
    let u = parts[0].recorded("svd", [x]) { gradient, _ in
      let (u, s, vt) = again()
      let product = u.transposed().matmul(gradient)
      var result = u.matmul(skew(product, s) * s.unsqueezed(-2)).matmul(vt)
      if m > k { result = result + ((gradient - u.matmul(product)) / s.unsqueezed(-2)).matmul(vt) }
      return [result]
    }
    let s = parts[1].recorded("svd", [x]) { gradient, _ in
      let (u, _, vt) = again()
      return [(u * gradient.unsqueezed(-2)).matmul(vt)]
    }
    let vt = parts[2].recorded("svd", [x]) { gradient, _ in
      let (u, s, vt) = again()
      let product = vt.matmul(gradient.transposed())
      var result = u.matmul(s.unsqueezed(-1) * skew(product, s)).matmul(vt)
      if n > k {
        let beyond = gradient - gradient.matmul(vt.transposed()).matmul(vt)
        result = result + u.matmul(beyond / s.unsqueezed(-1))
      }
      return [result]
    }
    return (u.cast(to: algebraType), s.cast(to: algebraType), vt.cast(to: algebraType))
  }

  /// The determinant of each matrix; its gradient asks for one other than 0.
  ///
  /// - Returns: [...].
  public func determinant() -> Tensor {
    _ = squareSize("determinant")
    let x = inFloatType
    return x.factors(.determinant, [[]])[0].recorded("determinant", [x], savesOutput: true) {
      gradient, output in
      guard let output else { return [nil] }
      return [x.inverse().transposed() * (gradient * output).unsqueezed(-1).unsqueezed(-1)]
    }.cast(to: algebraType)
  }

  /// The type of results.
  private var algebraType: DType { dtype.isFloatingPoint ? dtype : .float32 }

  private func matrixSizes(_ name: StaticString) -> (Int, Int) {
    require(rank >= 2, "\(name): a tensor of shape \(shape), not of matrices [..., m, n]")
    return (shape[rank - 2], shape[rank - 1])
  }

  func squareSize(_ name: StaticString) -> Int {
    let (m, n) = matrixSizes(name)
    require(m == n, "\(name): matrices of \(m) x \(n) in \(shape) are not square")
    return n
  }

  /// The parts of each matrix, whose shapes follow the axes in front.
  private func factors(_ kind: MatrixFactorization, _ shapes: [Shape]) -> [Tensor] {
    let front = Shape(shape.dropLast(2))
    return Tensor.run(
      .factorization(kind, batch: front.elementCount, rows: shape[rank - 2], columns: shape[rank - 1]),
      [detached().contiguous()], outputs: shapes.map { (Shape(Array(front) + Array($0)), dtype) })
  }
}
