/// What keeps a file's figures from having been measured: plots and tables rely on their ranges.
extension GoogleBenchmark {
  /// Between what a clock can tell and what anybody waits for, or how much work there is.
  private static let most = 1e30
  private static let least = 1e-30

  /// The first figure that no measurement gives, and where it stands.
  var objection: String? {
    for (index, device) in context.lathe_devices.enumerated() {
      let roofs = [
        ("copy_bytes_per_second", device.copy_bytes_per_second),
        ("operations_per_second", device.operations_per_second), ("launch_seconds", device.launch_seconds),
        ("round_trip_seconds", device.round_trip_seconds),
      ]
      for (name, value) in roofs {
        guard let value, !(Self.least...Self.most).contains(value) else { continue }
        return "context.lathe_devices.\(index).\(name) is \(value): nothing that can be measured"
      }
    }
    for (index, entry) in benchmarks.enumerated() {
      if let (name, value) = entry.objection {
        return "benchmarks.\(index).\(name) is \(value): nothing that can be measured"
      }
    }
    return nil
  }
}

extension GoogleBenchmark.Entry {
  /// A figure out of its range.
  fileprivate var objection: (name: String, value: Double)? {
    let most = 1e30
    let work = [("flops", flops), ("bytes", bytes), ("items", items)]
    if let bad = work.first(where: { !(0...most).contains($0.1) }) { return bad }
    if error_occurred == true { return nil }
    let times = [("real_time", real_time), ("p10", p10 ?? real_time), ("p90", p90 ?? real_time)]
    if let bad = times.first(where: { !(1e-9...1e18).contains($0.1) }) { return bad }
    let others = [
      ("cpu_time", cpu_time), ("relative_error", relative_error ?? 0), ("roof_share", roof_share ?? 0),
      ("samples", Double(samples ?? 1)), ("iterations", Double(iterations)),
    ]
    if let bad = others.first(where: { !(0...most).contains($0.1) }) { return bad }
    let lists =
      (lathe_samples ?? []).map { ("lathe_samples", $0) }
      + (lathe_counters ?? [:]).map { ("lathe_counters", $1) }
    return lists.first { !(-most...most).contains($0.1) }
  }
}
