/// A place where tensors live and operations run.
///
/// Devices are compared by identity: each is made once, by its backend's discovery.
public final class Device: Sendable, Hashable, CustomStringConvertible {
  /// The name that commands and `Device(_:)` take: `cpu`, `opencl:0`.
  public let name: String
  /// What runs the operations.
  public let backend: any Backend
  /// Guards the change of deferred tensors to computed ones on this device; given up while a backend runs an operation.
  package let computationLock = RecursiveLock()

  /// Made by a backend's discovery.
  package init(name: String, backend: any Backend) {
    self.name = name
    self.backend = backend
  }

  /// Whether both are the same.
  public static func == (a: Device, b: Device) -> Bool { a === b }
  /// Feeds what `==` compares.
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
  /// What is printed.
  public var description: String { name }

  /// Everything `lathe devices` shows.
  public var info: DeviceInfo { backend.info }

  /// Waits until all work given to the device is done.
  ///
  /// - Throws: `LatheError` where the device failed.
  public func synchronize() throws { try backend.synchronize() }

  /// Launches, fused operations, fall-backs and memory so far.
  public var counters: Counters { backend.counters.snapshot() }

  /// Starts the counters anew; the bytes in use and cached stay, the peak becomes the bytes in use.
  public func resetCounters() { backend.counters.reset() }

  /// Gives the pool's free buffers back to the system.
  public func emptyCache() { backend.emptyCache() }
}
