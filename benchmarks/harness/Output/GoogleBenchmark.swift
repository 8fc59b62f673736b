/// The layout of Google Benchmark's JSON, field by field under its own names.
struct GoogleBenchmark: Codable {
  var context: Context
  var benchmarks: [Entry]

  struct Context: Codable {
    var date: String
    var host_name: String
    var executable = "lathe"
    var num_cpus: Int
    var cpu_scaling_enabled = false
    var library_build_type = "release"
    var lathe_schema = ResultFile.schema
    var lathe_version: String
    var lathe_commit: String
    var lathe_processor: String
    var lathe_simd: String
    var lathe_blas: String
    var lathe_warnings: [String]
    var lathe_devices: [DeviceEntry]

    init(_ head: RunHead) {
      date = head.date
      host_name = head.host
      num_cpus = head.cores
      lathe_version = head.version
      lathe_commit = head.commit
      lathe_processor = head.processor
      lathe_simd = head.simd
      lathe_blas = head.blas
      lathe_warnings = head.warnings
      lathe_devices = head.devices.map(DeviceEntry.init)
    }

    var head: RunHead {
      RunHead(
        host: host_name, date: date, version: lathe_version, commit: lathe_commit, processor: lathe_processor,
        cores: num_cpus, simd: lathe_simd, blas: lathe_blas, warnings: lathe_warnings,
        devices: lathe_devices.map(\.head))
    }
  }

  struct DeviceEntry: Codable {
    var index: String
    var name: String
    var driver: String
    var profile: String
    var copy_bytes_per_second: Double?
    var operations_per_second: Double?
    var launch_seconds: Double?
    var round_trip_seconds: Double?

    init(_ device: RunHead.DeviceHead) {
      index = device.index
      name = device.name
      driver = device.driver
      profile = device.profile
      copy_bytes_per_second = device.roofs?.copyBytesPerSecond
      operations_per_second = device.roofs?.operationsPerSecond
      launch_seconds = device.roofs?.launchSeconds
      round_trip_seconds = device.roofs?.roundTripSeconds
    }

    var head: RunHead.DeviceHead {
      var roofs: Roofs?
      if let copy = copy_bytes_per_second, let operations = operations_per_second,
        let launch = launch_seconds,
        let roundTrip = round_trip_seconds
      {
        roofs = Roofs(
          copyBytesPerSecond: copy, operationsPerSecond: operations, launchSeconds: launch,
          roundTripSeconds: roundTrip)
      }
      return RunHead.DeviceHead(index: index, name: name, driver: driver, profile: profile, roofs: roofs)
    }
  }

  struct Entry: Codable {
    var name: String
    var run_name: String
    var run_type = "iteration"
    var family_index: Int
    var per_family_instance_index = 0
    var repetitions = 1
    var repetition_index = 0
    var threads = 1
    var iterations: Int
    var real_time: Double
    var cpu_time: Double
    var time_unit = "ns"
    var items_per_second: Double?
    var bytes_per_second: Double?
    var error_occurred: Bool?
    var error_message: String?
    var p10: Double?
    var p90: Double?
    var samples: Int?
    var relative_error: Double?
    var roof: String?
    var roof_share: Double?
    var flops: Double
    var bytes: Double
    var items: Double
    var item_name: String
    var lathe_rate: String
    var lathe_counters: [String: Double]?
    /// Each sample in `time_unit`.
    var lathe_samples: [Double]?
    var suite: String
    var operation: String
    var shape: String
    var dtype: String
    var device: String
    var profile: String

    init(_ row: Row, index: Int) {
      let figures = row.figures
      name = row.name
      run_name = row.name
      family_index = index
      iterations = figures.map { $0.samples * $0.runs } ?? 0
      real_time = (figures?.median ?? 0) * 1e9
      cpu_time = (figures?.processorTime ?? 0) * 1e9
      if let median = figures?.median, median > 0 {
        // Google Benchmark has two rates: arithmetic goes under items, as its own examples do.
        let items = row.work.rate == .items ? row.work.items : row.work.operations
        items_per_second = items > 0 ? items / median : nil
        bytes_per_second = row.work.bytes > 0 ? row.work.bytes / median : nil
      }
      error_occurred = row.failure == nil ? nil : true
      error_message = row.failure
      p10 = figures.map { $0.p10 * 1e9 }
      p90 = figures.map { $0.p90 * 1e9 }
      samples = figures?.samples
      relative_error = figures?.relativeError
      roof = figures?.roof?.roof.rawValue
      roof_share = figures.flatMap(\.roof?.share).flatMap { $0.isFinite ? $0 : nil }
      flops = row.work.operations
      bytes = row.work.bytes
      items = row.work.items
      item_name = row.work.itemName
      lathe_rate = "\(row.work.rate)"
      // JSON has no infinity.
      let counters = figures?.counters.filter(\.value.isFinite) ?? [:]
      if !counters.isEmpty { lathe_counters = counters }
      if let times = figures?.times, !times.isEmpty { lathe_samples = times.map { $0 * 1e9 } }
      suite = row.suite
      operation = row.operation
      shape = row.shape
      dtype = row.dtype
      device = row.device
      profile = row.profile
    }

    var row: Row {
      let rates: [Work.Rate] = [.operations, .bytes, .items, .none]
      let work = Work(
        operations: flops, bytes: bytes, items: items, itemName: item_name,
        rate: rates.first { "\($0)" == lathe_rate } ?? .none)
      var outcome = Row.Outcome.failed(error_message ?? "no reason given")
      if error_occurred != true {
        let share = roof.flatMap(RoofShare.Roof.init).flatMap { kind in
          roof_share.map { RoofShare(roof: kind, share: $0) }
        }
        let count = max(samples ?? 1, 1)
        outcome = .measured(
          Row.Figures(
            median: real_time * 1e-9, p10: (p10 ?? real_time) * 1e-9, p90: (p90 ?? real_time) * 1e-9,
            processorTime: cpu_time * 1e-9, samples: count, runs: iterations / count,
            relativeError: relative_error ?? 0, roof: share, counters: lathe_counters ?? [:],
            times: (lathe_samples ?? []).map { $0 * 1e-9 }))
      }
      return Row(
        suite: suite, operation: operation, shape: shape, dtype: dtype, device: device, profile: profile,
        work: work, outcome: outcome)
    }
  }
}
