import LatheCore

extension CPUBackend {
  /// Runs the loop of an operation that a program brought along.
  package func custom(_ kernel: CustomKernel, inputs: [Operand], outputs: [Operand]) throws {
    guard let loop = kernel.cpu else { throw kernel.missing(for: "the CPU", on: "cpu") }
    counters.launched()
    try loop(
      inputs.map { HostInput($0.spec, UnsafeRawBufferPointer(start: $0.pointer, count: $0.spec.byteCount)) },
      outputs.map {
        HostOutput($0.spec, UnsafeMutableRawBufferPointer(start: $0.pointer, count: $0.spec.byteCount))
      })
  }
}
