// What models of tables take apart: by LAPACK where the host has one, else by Lathe's own loops.

extension DenseMatrix {
  /// Rising eigenvalues of a symmetric matrix, with their vectors as columns.
  package func eigenDecomposition() -> (values: [Double], vectors: DenseMatrix) {
    LAPACKLibrary.shared?.eigh(self) ?? eigh()
  }

  /// Falling singular values, with their vectors.
  package func singularValueDecomposition() -> (u: DenseMatrix, s: [Double], vt: DenseMatrix) {
    LAPACKLibrary.shared?.svd(self) ?? svd()
  }
}
