/// Rows as lines of a table whose columns have fixed widths, so that each can be printed as soon as it is known.
public struct TextTable {
  private let nameWidth: Int
  private let shapeWidth: Int
  private let deviceWidth: Int
  private let estimates: Estimates.Column

  /// A table for rows of some workloads.
  public init(
    _ workloads: [Workload], devices: [RunHead.DeviceHead], estimates: Estimates = .shipped
  ) {
    self.estimates = Estimates.Column(estimates, devices)
    nameWidth = workloads.map { "\($0.suite.rawValue)/\($0.operation)".count }.max() ?? 0
    shapeWidth = workloads.map(\.shape.count).max() ?? 0
    deviceWidth = devices.map { TextTable.device($0.index, $0.profile).count }.max() ?? 0
  }

  /// The names of the columns.
  public var header: String {
    line(
      "workload", "shape", "dtype", "device",
      TextTable.titles(estimates))
  }

  /// One row.
  public func line(_ row: Row) -> String {
    let name = "\(row.suite)/\(row.operation)"
    let device = TextTable.device(row.device, row.profile)
    guard let figures = row.figures else {
      return line(name, row.shape, row.dtype, device, ["FAILED  \(row.failure ?? "")"])
    }
    let remarks = TextTable.remarks(figures)
    return line(name, row.shape, row.dtype, device, TextTable.cells(row, figures, estimates))
      + (remarks.isEmpty ? "" : "  " + remarks)
  }

  /// The columns of `cells`.
  static func titles(_ estimates: Estimates.Column) -> [String] {
    ["median", "p10", "p90", "rate", "roof %", "error"] + (estimates.isThere ? ["estimate"] : [])
  }

  /// Times, rate, roof, error and, where a device has one, the model's estimate.
  static func cells(_ row: Row, _ figures: Row.Figures, _ estimates: Estimates.Column) -> [String] {
    [
      Format.seconds(figures.median), Format.seconds(figures.p10), Format.seconds(figures.p90),
      row.rate.map { "\(Format.significant($0.value)) \($0.unit)" } ?? "-",
      figures.roof.map { "\(Format.percent($0.share)) \($0.roof.rawValue)" } ?? "-",
      Format.error(figures.relativeError),
    ] + (estimates.isThere ? [estimates.cell(row)] : [])
  }

  /// `noisy`, and the further figures.
  static func remarks(_ figures: Row.Figures) -> String {
    let counters = figures.counters.sorted { $0.key < $1.key }.map { name, value in
      name.hasSuffix("bytes") ? "\(name) \(Format.bytes(value))" : "\(name) \(Format.significant(value))"
    }
    let remarks = (figures.isNoisy ? ["noisy"] : []) + counters
    return remarks.joined(separator: ", ")
  }

  /// `opencl:0 (gpu)`: the device and the profile of its kernels.
  static func device(_ index: String, _ profile: String) -> String {
    profile.isEmpty ? index : "\(index) (\(profile))"
  }

  private func line(
    _ name: String, _ shape: String, _ dtype: String, _ device: String, _ cells: [String]
  ) -> String {
    let widths = [8, 8, 8, 15, 11, 8, 20]
    let left = [(name, nameWidth), (shape, shapeWidth), (dtype, 8), (device, deviceWidth)].map {
      $0.0 + String(repeating: " ", count: max(0, $0.1 - $0.0.count))
    }
    let right =
      cells.count == 1
      ? cells
      : zip(cells, widths).map { String(repeating: " ", count: max(0, $1 - $0.count)) + $0 }
    return (left + right).joined(separator: "  ")
  }
}
