import Lathe
import LatheCore
import TestSupport

/// Work beyond what 32 bits count, on a device that has the memory: what small cases cannot show.
struct LargeCheck {
  /// One operation with its results looked at here and there.
  struct Case: Sendable {
    var name: String
    /// Bytes of the buffers that are held at the same time.
    var buffers: [Int]
    /// - Returns: What is wrong; nil where nothing is.
    var mismatch: @Sendable (Device) throws -> String?
  }

  var device: Device
  var options: Options

  /// Runs each case that the device has room for.
  func run(_ show: (String) -> Void) throws {
    let all = Self.cases.filter { options.text.isEmpty || $0.name.contains(options.text) }
    if all.isEmpty {
      throw LatheError(.invalidArgument, "no large case is of that name")
    }
    let start = options.start.flatMap { start in all.firstIndex { "value \($0.name)" == start } }
    let cases = all[(start.map { $0 + 1 } ?? 0)...]
    let possible = cases.filter { obstacle($0) == nil }
    show("\(PartRun.Word.plan) \(possible.count)")
    for large in cases {
      if let obstacle = obstacle(large) {
        show("\(TestDevice.describe(device)), large: \(large.name): not run: \(obstacle)")
        continue
      }
      show("\(PartRun.Word.begin) value \(large.name)")
      let fallbacks = device.counters.fallbacks
      do {
        if let mismatch = try large.mismatch(device) {
          show("\(PartRun.Word.failure) \(large.name): \(mismatch)")
        } else if device.counters.fallbacks > fallbacks {
          show("\(PartRun.Word.failure) \(large.name): ran on the CPU")
        }
      } catch {
        show("\(PartRun.Word.failure) \(large.name): \("\(error)".replacing("\n", with: "; "))")
      }
    }
  }

  /// Why a device has no room for a case.
  private func obstacle(_ large: Case) -> String? {
    let (largest, all) = (large.buffers.max() ?? 0, large.buffers.reduce(0, +))
    let info = device.info
    if largest > info.largestAllocation {
      return
        "a buffer of \(Self.size(largest)), and the driver gives at most \(Self.size(info.largestAllocation))"
    }
    if Double(all) > 0.9 * Double(info.globalMemory) {
      return "buffers of \(Self.size(all)), and the device has \(Self.size(info.globalMemory))"
    }
    return nil
  }

  private static func size(_ bytes: Int) -> String { formatted(Double(bytes) / 0x1p30, "%.1f GiB") }
}

extension LargeCheck {
  private static let gigabyte = 1 << 30
  /// Rows and columns with more elements than 31 bits count; both are no multiples of a tile.
  private static let (rows, columns) = (65_539, 32_801)

  static let cases: [Case] = [
    Case(name: "float32 buffers of 5 GiB, filled and added", buffers: [5 * gigabyte]) { device in
      let width = 5 * gigabyte / 4 / 64
      let x =
        Tensor.arange(64, dtype: .float32, device: device).reshaped(to: [64, 1])
        + Tensor.ones([1, width], device: device)
      let y = try x.computed()
      return try mismatch(of: y, at: places(64, width)) { i, _ in Double(i + 1) }
    },
    Case(name: "2^31 elements and more, element by element", buffers: [rows * columns]) { device in
      let y = try pattern(device).computed()
      return try mismatch(of: y, at: places(rows, columns)) { i, j in Double(i % 31 + j % 53) }
    },
    Case(name: "sums along rows of 2^31 elements and more", buffers: [rows * columns]) { device in
      let sums = try pattern(device).computed().sum(axis: 1, keepDims: true).computed()
      let each = (0..<columns).reduce(0) { $0 + $1 % 53 }
      return try mismatch(of: sums, at: places(rows, 1)) { i, _ in Double(each + columns * (i % 31)) }
    },
    Case(name: "sums along columns of 2^31 elements and more", buffers: [rows * columns]) { device in
      let sums = try pattern(device).computed().sum(axis: 0, keepDims: true).computed()
      let each = (0..<rows).reduce(0) { $0 + $1 % 31 }
      return try mismatch(of: sums, at: places(1, columns)) { _, j in Double(each + rows * (j % 53)) }
    },
    Case(name: "a transpose of 2^31 elements and more", buffers: [rows * columns, rows * columns]) { device in
      let y = try pattern(device).computed().transposed().contiguous().computed()
      return try mismatch(of: y, at: places(columns, rows)) { i, j in Double(j % 31 + i % 53) }
    },
    Case(name: "rows of a table of 5 GiB", buffers: [5 * gigabyte]) { device in
      let count = 5 * gigabyte / 4 / 256
      // Numbers that float32 holds.
      let table = try
        (Tensor.arange(count, dtype: .float32, device: device).reshaped(to: [count, 1])
        + Tensor.zeros([1, 256], device: device)).computed()
      let picked = [0, count - 1, count / 2, count - 7, 4 * gigabyte / 1024, 4 * gigabyte / 1024 - 1]
      let y = try Tensor.embedding(Tensor(picked.map(Int32.init), device: device), table).computed()
      return try mismatch(of: y, at: places(picked.count, 256)) { i, _ in Double(picked[i]) }
    },
    Case(name: "products of 70,000 matrices", buffers: [3 * 70_000 * 64]) { device in
      let each = Tensor.arange(70_000, dtype: .float32, device: device).reshaped(to: [70_000, 1, 1])
      let x = try (each + Tensor.ones([1, 4, 4], device: device)).computed()
      let y = try x.matmul(Tensor.ones([70_000, 4, 4], device: device)).computed()
      return try mismatch(of: y.reshaped(to: [70_000, 16]), at: places(70_000, 16)) { i, _ in
        Double(4 * (i + 1))
      }
    },
    Case(name: "transposes of 70,000 matrices", buffers: [2 * 70_000 * 4096]) { device in
      let row = Tensor.arange(32, dtype: .float32, device: device)
      let each = Tensor.arange(70_000, dtype: .float32, device: device).reshaped(to: [70_000, 1, 1])
      let x = try (each + row.reshaped(to: [1, 1, 32]) * Tensor.ones([1, 32, 1], device: device)).computed()
      let y = try x.transposed(1, 2).contiguous().computed()
      return try mismatch(of: y.reshaped(to: [70_000, 1024]), at: places(70_000, 1024)) { i, j in
        Double(i + j / 32)
      }
    },
    Case(name: "softmax of 200,000 rows", buffers: [2 * 200_000 * 1024]) { device in
      let x = try
        (Tensor.arange(200_000, dtype: .float32, device: device).reshaped(to: [200_000, 1])
        * Tensor.ones([1, 256], device: device)).computed()
      return try mismatch(of: x.softmax().computed(), at: places(200_000, 256)) { _, _ in 1.0 / 256 }
    },
  ]

  /// Element (i, j) is i % 31 + j % 53.
  private static func pattern(_ device: Device) -> Tensor {
    Tensor((0..<rows).map { UInt8($0 % 31) }, shape: [rows, 1], device: device)
      + Tensor((0..<columns).map { UInt8($0 % 53) }, shape: [1, columns], device: device)
  }

  /// First, last, middle and some other places of a matrix.
  private static func places(_ rows: Int, _ columns: Int) -> [(Int, Int)] {
    var random = TestRandom("large")
    let ends = [(0, 0), (rows - 1, columns - 1), (rows / 2, columns / 2), (rows - 1, 0), (0, columns - 1)]
    return ends
      + (0..<32).map { _ in
        (random.integer(0, rows - 1), random.integer(0, columns - 1))
      }
  }

  private static func mismatch(
    of matrix: Tensor, at places: [(Int, Int)], _ expected: (Int, Int) -> Double
  ) throws -> String? {
    for (i, j) in places {
      let element = matrix.sliced(axis: 0, from: i, to: i + 1).sliced(axis: 1, from: j, to: j + 1)
      let value = Double(try element.cast(to: .float32).item())
      let right = expected(i, j)
      // Float32 holds whole numbers below 2^24, sums here are larger.
      if abs(value - right) > 1e-6 * max(1, abs(right)) {
        return "element (\(i), \(j)) is \(value) instead of \(right)"
      }
    }
    return nil
  }
}
