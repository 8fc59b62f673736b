/// What a matrix is taken apart into: x [batch, rows, columns] -> parts, with k the smaller of rows and columns.
public enum MatrixFactorization: UInt8, Sendable, Hashable, CaseIterable {
  /// Lower triangle l [n, n] with l l^T = x, of which the lower triangle is read.
  case cholesky
  /// q [rows, k] with orthonormal columns, and upper triangle r [k, columns].
  case qr
  /// Rising eigenvalues [n] and their vectors in the columns of [n, n], of a symmetric x, of which the lower triangle is read.
  case eigh
  /// u [rows, k], falling singular values [k], v^T [k, columns].
  case svd
  /// Determinant, one number.
  case determinant
}

/// Which equations a x = b are solved.
public enum LinearSystem: UInt8, Sendable, Hashable, CaseIterable {
  /// Any matrix that is not singular.
  case general
  /// A triangle with the diagonal; the other one is not read.
  case lower, upper
}
