import Foundation

/// What other programs take of the processors while this one waits.
enum OtherLoad {
  /// The busy share of all processors over a moment in which this process sleeps, 0...1; nil where the system does
  /// not tell.
  static func share(seconds: Double = 0.3) -> Double? {
    guard let before = times() else { return nil }
    Thread.sleep(forTimeInterval: seconds)
    guard let after = times(), after.all > before.all else { return nil }
    return 1 - (after.idle - before.idle) / (after.all - before.all)
  }

  /// What a warning begins with.
  static let prefix = "other programs took"

  /// A warning where it is enough to disturb measurements.
  static var warning: String? {
    guard let share = share(), share > 0.1 else { return nil }
    return
      "\(prefix) \(Format.percent(share)) % of the processors when the run began: expect noisy and slow rows"
  }

  /// Ticks spent idle, and all ticks, since the system started.
  private static func times() -> (idle: Double, all: Double)? {
    guard let text = try? String(contentsOfFile: "/proc/stat", encoding: .utf8),
      let line = text.split(separator: "\n").first, line.hasPrefix("cpu ")
    else { return nil }
    // user, nice, system, idle, iowait, irq, softirq, steal; guests are part of user.
    let ticks = line.split(separator: " ").dropFirst().prefix(8).compactMap { Double($0) }
    guard ticks.count == 8 else { return nil }
    return (ticks[3] + ticks[4], ticks.reduce(0, +))
  }
}
