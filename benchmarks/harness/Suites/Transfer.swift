import Lathe

/// Bytes between host and device.
enum TransferSuite {
  static var workloads: [Workload] {
    [toDevice(1 << 26, isQuick: true), toHost(1 << 26, isQuick: true), toDevice(4096), toHost(4096)]
  }

  private static func bytes(_ count: Int) -> [UInt8] {
    let values = SampleValues(1)
    return (0..<count).map { UInt8(values.integer($0, below: 256)) }
  }

  private static func send(_ bytes: [UInt8], to device: Device) throws -> Tensor {
    try bytes.withUnsafeBytes {
      try Tensor(bytes: $0, shape: [bytes.count], dtype: .uint8, device: device).computed()
    }
  }

  private static func toDevice(_ count: Int, isQuick: Bool = false) -> Workload {
    Workload(
      .transfer, "host-to-device", "\(count)", dtype: .uint8, work: .traffic(Double(2 * count)),
      isQuick: isQuick
    ) { device in
      let source = bytes(count)
      return Trial(tolerance: 0, run: { _ = try send(source, to: device) }) {
        try send(source, to: device).bytes() == source ? 0 : 1
      }
    }
  }

  private static func toHost(_ count: Int, isQuick: Bool = false) -> Workload {
    Workload(
      .transfer, "device-to-host", "\(count)", dtype: .uint8, work: .traffic(Double(2 * count)),
      isQuick: isQuick
    ) { device in
      let source = bytes(count)
      let tensor = try send(source, to: device)
      return Trial(tolerance: 0, run: { _ = try tensor.bytes() }) { try tensor.bytes() == source ? 0 : 1 }
    }
  }
}
