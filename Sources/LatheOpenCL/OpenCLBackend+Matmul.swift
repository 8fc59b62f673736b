#if OpenCL
import LatheCore

extension OpenCLBackend {
  func matmul(_ product: MatrixMultiplication, inputs: [Operand], outputs: [Operand]) throws {
    throw LatheError.unsupported("matmul")
  }
}
#endif
