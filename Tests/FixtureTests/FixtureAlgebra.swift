import Lathe

/// Products by equation, norms, linear algebra and Fourier transforms, by PyTorch's names.
let algebraOperations: [String: FixtureOperation] = [
  "einsum": { x, p in [Tensor.einsum(try p.word("equation"), x)] },
  "norm": { x, p in
    [
      x[0].norm(order: Float(try p.number("order")), axes: try p.list("axes"), keepDims: try p.bool("keep"))
    ]
  },
  "cdist": { x, p in [Tensor.cdist(x[0], x[1], order: Float(try p.number("order")))] },
  "cholesky": { x, _ in [x[0].cholesky()] },
  "inverse": { x, _ in [x[0].inverse()] },
  "det": { x, _ in [x[0].determinant()] },
  "solve": { x, _ in [x[0].solve(x[1])] },
  "solve_triangular": { x, p in [x[0].solveTriangular(x[1], upper: try p.bool("upper"))] },
  "lstsq": { x, _ in [x[0].lstsq(x[1])] },
  "qr": { x, _ in
    let (q, r) = x[0].qr()
    let sign = r.diagonal(axis1: -2, axis2: -1).detached().sign()
    return [q * sign.unsqueezed(-2), r * sign.unsqueezed(-1)]
  },
  "svd": { x, _ in
    let (u, s, vt) = x[0].svd()
    let sign = signsOfFirstRow(u)
    return [u * sign.unsqueezed(-2), s, vt * sign.unsqueezed(-1)]
  },
  "eigh": { x, _ in
    let (values, vectors) = x[0].eigh()
    return [values, vectors * signsOfFirstRow(vectors).unsqueezed(-2)]
  },
  "fft": { x, p in [x[0].fft(axis: try p.int("axis"), normalization: try p.normalization())] },
  "ifft": { x, p in [x[0].ifft(axis: try p.int("axis"), normalization: try p.normalization())] },
  "rfft": { x, p in [x[0].rfft(axis: try p.int("axis"), normalization: try p.normalization())] },
  "irfft": { x, p in
    [
      x[0].irfft(
        length: try p.int("length"), axis: try p.int("axis"), normalization: try p.normalization())
    ]
  },
]

/// What makes vectors in columns unique: the signs of their first elements.
private func signsOfFirstRow(_ vectors: Tensor) -> Tensor {
  vectors.select(axis: -2, index: 0).detached().sign()
}

extension Fixture {
  fileprivate func normalization() throws -> FourierNormalization {
    try choice("normalization", ["backward": .backward, "ortho": .ortho, "forward": .forward])
  }
}
