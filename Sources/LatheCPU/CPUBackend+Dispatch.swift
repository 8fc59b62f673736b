import CPUKernels
import LatheCore

extension CPUBackend {
  package func run(_ operation: LatheCore.Operation, inputs: [Operand], outputs: [Operand]) throws {
    // Other threads' operations note what they lack elsewhere.
    var missing = 0
    try withUnsafeMutablePointer(to: &missing) { missing in
      let outer = lathe_workspace_report_to(missing)
      defer { lathe_workspace_report_to(outer) }
      try perform(operation, inputs: inputs, outputs: outputs)
    }
    guard missing == 0 else {
      throw LatheError(
        .outOfMemory,
        "\(operation.label): no memory for \(missing) bytes of scratch space; use smaller tensors"
      )
    }
  }
}
