import Foundation
import Lathe
import LatheML

/// CSV files into columns: the host's work alone, the same on every device.
enum TablesSuite {
  static var workloads: [Workload] {
    [reading(rows: 20_000, isQuick: true), reading(rows: 400_000)]
  }

  /// A file of whole numbers, numbers, categories, texts (one in five in quotes) and times, read from the page cache.
  private static func reading(rows: Int, isQuick: Bool = false) -> Workload {
    Workload(
      .tables, "read-csv", "\(rows)x8", parameters: ["rows": rows], work: .items(rows, "rows"),
      isQuick: isQuick
    ) { _ in
      let file = try File(rows: rows)
      return Trial(tolerance: 0) {
        _ = try Table(csv: file.path)
      } check: {
        try error(of: Table(csv: file.path), file)
      }
    }
  }

  /// A temporary file that goes with the workload.
  private final class File {
    let path: String
    let rows: Int
    /// The sum of its whole numbers.
    private(set) var sum = 0

    init(rows: Int) throws {
      self.rows = rows
      path = NSTemporaryDirectory() + "lathe-bench-\(UUID().uuidString).csv"
      var text = "id,count,score,price,city,name,note,time\n"
      let cities = ["Berlin", "Paris", "Roma", "Oslo", "København"]
      var state: UInt64 = 1
      for row in 0..<rows {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let drawn = state >> 20
        let count = Int(drawn % 10_000)
        sum += count
        let note = drawn % 5 == 0 ? "\"twice, \"\"so\"\" to say\"" : "once and no more"
        let two = { (number: UInt64) in number < 10 ? "0\(number)" : "\(number)" }
        text += "\(row),\(count),\(Double(drawn) / 1e13),\(drawn % 100_000)"
        text += ".\(two(drawn % 97)),\(cities[Int(drawn % 5)]),name_\(drawn % 100_003),\(note)"
        text += ",20\(two(drawn % 30))-\(two(1 + drawn % 12))-\(two(1 + drawn % 28)) 12:30:00\n"
      }
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  /// 0 where types, rows and a sum are right, else 1.
  private static func error(of table: Table, _ file: File) throws -> Double {
    let types: [ColumnType] = [
      .int64, .int64, .float64, .float64, .text, .text, .text, .dateTime(),
    ]
    let sum = try table["count"].integers().reduce(0) { $0 + ($1 ?? 0) }
    return table.columns.map(\.type) == types && table.rowCount == file.rows && sum == file.sum ? 0 : 1
  }
}
