import CPUKernels
import LatheCore

/// The CPU path: BLAS for large matrix products, the vectorised loops of kernels/cpu for everything else.
///
/// Work is done before a call returns.
package final class CPUBackend: OperationKernels {
  /// The one CPU.
  package static let shared = CPUBackend()

  package let counters = CounterStore()
  private let pool: BufferPool
  /// What is wrong with the environment, so that nothing is done.
  package static var environmentProblem: LatheError? {
    EnvironmentRules.problem ?? SIMDLevel.problem ?? BLASLibrary.problem
  }
  private let environmentProblem = CPUBackend.environmentProblem

  /// A backend whose buffers take at most `memoryLimit` bytes; without one `LATHE_MEMORY_LIMIT` or what the host
  /// and the control group allow.
  package init(memoryLimit: Int? = nil) {
    let limit = memoryLimit ?? memoryLimitFromEnvironment ?? Int(lathe_memory_limit())
    pool = BufferPool(HostBlocks(), counters: counters, deviceName: "cpu", limit: limit)
  }

  package var hasFloat64: Bool { true }
  package var info: DeviceInfo { CPUInfo.describe(memory: pool.limit) }

  package func allocate(byteCount: Int) throws -> Buffer {
    if let environmentProblem { throw environmentProblem }
    return try CPUBuffer(byteCount: byteCount, pool: pool)
  }

  package func adopt(_ memory: UnsafeMutableRawBufferPointer, owner: AnyObject) throws -> Buffer? {
    if let environmentProblem { throw environmentProblem }
    return memory.baseAddress.map { CPUBuffer($0, byteCount: memory.count, owner: owner) }
  }

  /// Where the bytes of a buffer that this backend made are.
  package static func memory(of buffer: Buffer) -> UnsafeMutableRawPointer {
    unsafeDowncast(buffer, to: CPUBuffer.self).pointer
  }

  package func write(_ source: UnsafeRawBufferPointer, to buffer: Buffer) throws {
    guard let from = source.baseAddress, source.count > 0 else { return }
    CPUBackend.memory(of: buffer).copyMemory(from: from, byteCount: source.count)
  }

  package func fill(
    _ buffer: Buffer, byteCount: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws {
    guard byteCount > 0 else { return }
    try body(UnsafeMutableRawBufferPointer(start: CPUBackend.memory(of: buffer), count: byteCount))
  }

  package func withBytes(
    of buffer: Buffer, offset: Int, count: Int, _ body: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    guard count > 0 else { return }
    try body(UnsafeRawBufferPointer(start: CPUBackend.memory(of: buffer) + offset, count: count))
  }

  package func read(_ buffer: Buffer, offset: Int, into destination: UnsafeMutableRawBufferPointer) throws {
    guard let to = destination.baseAddress, destination.count > 0 else { return }
    to.copyMemory(from: CPUBackend.memory(of: buffer) + offset, byteCount: destination.count)
  }

  package func synchronize() throws {}

  package func emptyCache() { pool.emptyCache() }
}
