import LatheCPU
import LatheCore

/// Hands operations to a device's backend, and to the CPU where the device has no kernel.
enum Dispatch {
  /// Runs an operation on a device.
  static func run(_ operation: Operation, inputs: [Operand], outputs: [Operand], on device: Device) throws {
    if !device.backend.hasFloat64 || hasFloat64(inputs) || hasFloat64(outputs) {
      try operation.checkFloat64(inputs: inputs, outputs: outputs, device: device)
    }
    do {
      guard Trace.isOn else { return try device.backend.run(operation, inputs: inputs, outputs: outputs) }
      try Trace.operation(operation, inputs: inputs, outputs: outputs, device: device) {
        try device.backend.run(operation, inputs: inputs, outputs: outputs)
      }
    } catch let error as LatheError where error.kind == .unsupported && device.backend !== CPUBackend.shared {
      // The program that brought it along decides where it runs.
      if case .custom = operation { throw error }
      device.backend.counters.fellBack()
      try runOnCPU(operation, inputs: inputs, outputs: outputs, for: device.backend)
    }
  }

  private static func hasFloat64(_ operands: [Operand]) -> Bool {
    // By index: an element that is taken out is copied, with all that it refers to.
    operands.indices.contains { operands[$0].dtype == .float64 }
  }

  /// Runs an operation on tensors of a device; afterwards the storages have their memory, or the error.
  static func run(_ operation: Operation, _ inputs: [Tensor], into outputs: [Storage], on device: Device) {
    defer {
      GraphRecorder.current?.add(
        .operation(operation, on: device), inputs.map { .tensor($0) }, outputs.map { Tensor($0) })
    }
    if let other = inputs.first(where: { $0.device != device }) {
      Tensor.stopForDevices(operation.label, device, other.device)
    }
    device.computationLock.withLock {
      do {
        var operands: [Operand] = []
        operands.reserveCapacity(inputs.count)
        for input in inputs { operands.append(try input.operand()) }
        var results: [Operand] = []
        results.reserveCapacity(outputs.count)
        for output in outputs { results.append(try output.newMemory()) }
        if outputs.contains(where: { $0.elementCount > 0 }) {
          try device.computationLock.unlocked {
            try run(operation, inputs: operands, outputs: results, on: device)
          }
        }
        for (output, result) in zip(outputs, results) { output.state = .ready(result.buffer) }
      } catch {
        let error = typed(error)
        for output in outputs { output.state = .failed(error) }
      }
    }
  }

  /// The error as the type that all failures have.
  static func typed(_ error: any Error) -> LatheError {
    error as? LatheError ?? LatheError(.device, "\(error)")
  }

  /// Copies the operands to the host, runs the operation there and copies the results back.
  private static func runOnCPU(
    _ operation: Operation, inputs: [Operand], outputs: [Operand], for backend: any Backend
  ) throws {
    let cpu = CPUBackend.shared
    var copies: [ObjectIdentifier: Buffer] = [:]
    func copy(_ operand: Operand, reading: Bool) throws -> Operand {
      var result = operand
      if let known = copies[ObjectIdentifier(operand.buffer)] {
        result.buffer = known
        return result
      }
      let size = operand.buffer.byteCount
      let buffer = try cpu.allocate(byteCount: size)
      if reading && size > 0 {
        var bytes = [UInt8](repeating: 0, count: size)
        try bytes.withUnsafeMutableBytes { try backend.read(operand.buffer, offset: 0, into: $0) }
        try bytes.withUnsafeBytes { try cpu.write($0, to: buffer) }
      }
      copies[ObjectIdentifier(operand.buffer)] = buffer
      result.buffer = buffer
      return result
    }
    let hostInputs = try inputs.map { try copy($0, reading: true) }
    // A strided copy may fill only a part of its output.
    var fillsPart = false
    if case .copy = operation { fillsPart = true }
    let hostOutputs = try outputs.map { try copy($0, reading: fillsPart) }
    if !operation.narrowKind.isEmpty, hostInputs.contains(where: { $0.dtype.isHalf }) {
      try cpu.runWidened(operation, inputs: hostInputs, outputs: hostOutputs)
    } else {
      try cpu.run(operation, inputs: hostInputs, outputs: hostOutputs)
    }
    for (host, output) in zip(hostOutputs, outputs) where host.buffer.byteCount > 0 {
      var bytes = [UInt8](repeating: 0, count: host.buffer.byteCount)
      try bytes.withUnsafeMutableBytes { try cpu.read(host.buffer, offset: 0, into: $0) }
      try bytes.withUnsafeBytes { try backend.write($0, to: output.buffer) }
    }
  }
}

extension Tensor {
  /// Stops the program where one of several tensors is on another device than the first.
  static func requireOneDevice(_ name: StaticString, _ first: Tensor, _ others: Tensor?...) {
    for case .some(let other) in others where other.device != first.device {
      stopForDevices("\(name)", first.device, other.device)
    }
  }

  /// Stops the program because of tensors on two devices.
  static func stopForDevices(_ name: String, _ device: Device, _ other: Device) -> Never {
    stop("\(name): tensors on different devices, \(device) and \(other); move one of them by moved(to:)")
  }

  /// Runs an operation on tensors of one device and returns its outputs, untracked.
  ///
  /// Where an input has failed or the operation fails, the outputs carry the error.
  static func run(
    _ operation: Operation, _ inputs: [Tensor], outputs: [(shape: Shape, dtype: DType)]
  ) -> [Tensor] {
    let device = inputs[0].device
    let storages = outputs.map {
      Storage(device: device, dtype: $0.dtype, shape: $0.shape, state: .computing)
    }
    Dispatch.run(operation, inputs, into: storages, on: device)
    return storages.map { Tensor($0) }
  }

  /// The same for one output; without inputs the device must be given.
  static func run(
    _ operation: Operation, _ inputs: [Tensor], output shape: Shape, dtype: DType = .float32,
    device: Device? = nil
  ) -> Tensor {
    let device = device ?? inputs[0].device
    let storage = Storage(device: device, dtype: dtype, shape: shape, state: .computing)
    Dispatch.run(operation, inputs, into: [storage], on: device)
    return Tensor(storage)
  }

  /// A tensor whose shape or elements are known when values have been read; where that fails one that carries the error, of
  /// a shape that stands for what is not known.
  ///
  /// A graph would keep what these values are now, so one that is being recorded takes none.
  static func afterReading(
    _ function: String, valuesOf tensors: [Tensor], _ nothing: Shape, _ dtype: DType, _ device: Device,
    _ body: () throws -> Tensor
  ) -> Tensor {
    do {
      try GraphRecorder.current?.refuseReading(tensors, by: function)
      return try body()
    } catch {
      return Tensor(failed: Dispatch.typed(error), shape: nothing, dtype: dtype, device: device)
    }
  }

  /// The memory and layout, computed now if they were still to be; called under the device's computation lock.
  func operand() throws -> Operand {
    Operand(buffer: try storage.lockedBuffer(), layout: layout, dtype: dtype)
  }
}
