#if OpenCL
  /// Values of a kernel's tunables by name, such as `TILE_M`.
  package struct KernelParameters: Hashable, Sendable, CustomStringConvertible {
    package var values: [String: Int]

    package init(_ values: [String: Int]) { self.values = values }

    /// The value of a tunable that the kernel is known to have.
    subscript(name: String) -> Int {
      guard let value = values[name] else { preconditionFailure("no parameter \(name) in \(self)") }
      return value
    }

    package var description: String {
      values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
    }
  }

  /// What a group of work-items may take.
  package struct TuningLimits: Sendable {
    package var workItems: Int
    package var localBytes: Int
    /// 32-bit registers of a work-item and of a group: NVIDIA's, and a safe guess elsewhere.
    package var itemRegisters = 255
    package var groupRegisters = 65536
    /// What the `cpu` profile's kernels keep their sums in.
    package var vectors = VectorRegisters.widest

    package init(workItems: Int, localBytes: Int) {
      self.workItems = workItems
      self.localBytes = localBytes
    }
  }

  /// What a kernel takes with certain parameters.
  struct KernelDemand {
    var workItems = 1
    var localBytes = 0
    /// An estimate: sums, what is loaded ahead, and addresses.
    var registers = 0

    func objection(_ limits: TuningLimits) -> String? {
      if workItems > limits.workItems {
        return "\(workItems) work-items in a group, and the device takes \(limits.workItems)"
      }
      if localBytes > limits.localBytes {
        return "\(localBytes) bytes of local memory, and the device has \(limits.localBytes)"
      }
      if registers > limits.itemRegisters || registers * workItems > limits.groupRegisters {
        return "about \(registers) registers in each of \(workItems) work-items"
      }
      return nil
    }
  }
#endif
