#if OpenCL
import LatheCore

extension OpenCLBackend {
  func elementwise(_ program: ElementwiseProgram, _ scalars: [ScalarValue], inputs: [Operand], outputs: [Operand]) throws {
    throw LatheError.unsupported("elementwise")
  }
}
#endif
