#if OpenCL
import LatheCore

extension OpenCLBackend {
  func maxPool(_ sizes: Pool2D, inputs: [Operand], outputs: [Operand]) throws {
    throw LatheError.unsupported("maxPool")
  }
  func maxPoolBackward(_ sizes: Pool2D, inputs: [Operand], outputs: [Operand]) throws {
    throw LatheError.unsupported("maxPoolBackward")
  }
  func averagePool(_ sizes: Pool2D, inputs: [Operand], outputs: [Operand]) throws {
    throw LatheError.unsupported("averagePool")
  }
  func averagePoolBackward(_ sizes: Pool2D, inputs: [Operand], outputs: [Operand]) throws {
    throw LatheError.unsupported("averagePoolBackward")
  }
}
#endif
