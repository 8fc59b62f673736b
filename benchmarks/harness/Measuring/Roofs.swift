import Lathe
import LatheCore

/// What a device can do at all, measured by loops that do nothing else.
public struct Roofs: Sendable, Equatable {
  /// Bytes a second, read and written, of a copy that fits no cache.
  public var copyBytesPerSecond: Double
  /// Float32 operations a second of independent multiply-adds.
  public var operationsPerSecond: Double
  /// Seconds between two launches where nobody waits.
  public var launchSeconds: Double
  /// Seconds from a launch to the end of waiting for it.
  public var roundTripSeconds: Double

  /// Roofs from their figures.
  public init(
    copyBytesPerSecond: Double, operationsPerSecond: Double, launchSeconds: Double, roundTripSeconds: Double
  ) {
    self.copyBytesPerSecond = copyBytesPerSecond
    self.operationsPerSecond = operationsPerSecond
    self.launchSeconds = launchSeconds
    self.roundTripSeconds = roundTripSeconds
  }

  /// Measures a device.
  ///
  /// - Throws: `LatheError`, of kind `unsupported` where the backend has no such loops.
  public init(measuring device: Device, isQuick: Bool = false) throws {
    guard let probe = device.backend as? any RoofProbe else {
      throw LatheError.unsupported("\(device): its backend cannot measure its roofs")
    }
    let turns = isQuick ? 5 : 15
    copyBytesPerSecond = try Roofs.copy(probe, on: device, turns: turns)
    operationsPerSecond = try Roofs.multiplyAdds(probe, on: device, turns: turns)
    launchSeconds = try Roofs.launch(probe, on: device, turns: turns)
    roundTripSeconds = try Roofs.typical(of: 20 * turns, on: device) { try probe.probeLaunch() }
    device.emptyCache()
  }

  /// The roofs with one of them measured again, in a few moments, and the better figure kept.
  func measuredAgain(_ roof: RoofShare.Roof, on device: Device) throws -> Roofs {
    guard let probe = device.backend as? any RoofProbe else { return self }
    var result = self
    switch roof {
    case .memory:
      result.copyBytesPerSecond = max(copyBytesPerSecond, try Roofs.copy(probe, on: device, turns: 3))
    case .compute:
      result.operationsPerSecond = max(
        operationsPerSecond, try Roofs.multiplyAdds(probe, on: device, turns: 3))
    case .launch: result.launchSeconds = min(launchSeconds, try Roofs.launch(probe, on: device, turns: 3))
    }
    return result
  }

  private static func copy(_ probe: any RoofProbe, on device: Device, turns: Int) throws -> Double {
    // Several times the largest last-level caches, and within every driver's allocation limit.
    let bytes = 128 << 20
    let from = try probe.allocate(byteCount: bytes)
    let to = try probe.allocate(byteCount: bytes)
    let ones = [UInt8](repeating: 1, count: bytes)
    for buffer in [from, to] { try ones.withUnsafeBytes { try probe.write($0, to: buffer) } }
    let copy =
      try (0..<probe.copyWays).map { way in
        try best(of: turns, on: device) { try probe.probeCopy(from: from, to: to, way: way) }
      }.min() ?? .infinity
    return 2 * Double(bytes) / copy
  }

  private static func multiplyAdds(_ probe: any RoofProbe, on device: Device, turns: Int) throws -> Double {
    var rounds = 1000
    var operations = 0.0
    // Long enough that starting and waiting do not count.
    while try best(of: 2, on: device, { operations = try probe.probeMultiplyAdds(rounds: rounds) }) < 0.005 {
      rounds *= 2
    }
    return try operations / best(of: turns, on: device) { _ = try probe.probeMultiplyAdds(rounds: rounds) }
  }

  private static func launch(_ probe: any RoofProbe, on device: Device, turns: Int) throws -> Double {
    let launches = 500
    return try typical(of: turns, on: device) { for _ in 0..<launches { try probe.probeLaunch() } }
      / Double(launches)
  }

  /// The roof that holds for some work, and how much of it a time reaches.
  package func share(of work: Work, seconds: Double) -> RoofShare? {
    guard work.operations > 0 || work.bytes > 0, seconds > 0 else { return nil }
    let bounds: [(RoofShare.Roof, Double)] = [
      (.compute, work.operations / operationsPerSecond), (.memory, work.bytes / copyBytesPerSecond),
      (.launch, launchSeconds),
    ]
    let binding = bounds.max { $0.1 < $1.1 } ?? bounds[0]
    return RoofShare(roof: binding.0, share: binding.1 / seconds)
  }

  private static func times(of turns: Int, on device: Device, _ body: () throws -> Void) throws -> [Double] {
    try body()
    try device.synchronize()
    return try (0..<turns).map { _ in
      let start = Clock.now
      try body()
      try device.synchronize()
      return Clock.now - start
    }
  }

  /// The shortest time: a roof is what can be reached.
  private static func best(of turns: Int, on device: Device, _ body: () throws -> Void) throws -> Double {
    try times(of: turns, on: device, body).min() ?? .infinity
  }

  private static func typical(of turns: Int, on device: Device, _ body: () throws -> Void) throws -> Double {
    Statistics.median(try times(of: turns, on: device, body))
  }
}

/// The roof that binds a piece of work, and how close a measurement came to it.
public struct RoofShare: Sendable, Equatable {
  /// What limits the work.
  public enum Roof: String, Sendable {
    /// The peak of multiply-adds.
    case compute
    /// The bandwidth of a copy; work that fits a cache can exceed it.
    case memory
    /// The cost of a launch.
    case launch
  }

  /// What limits the work.
  public var roof: Roof
  /// 1 is the roof.
  public var share: Double

  /// A share of a roof.
  public init(roof: Roof, share: Double) {
    self.roof = roof
    self.share = share
  }
}
