import CPUKernels
import LatheCPU
import LatheCore

/// A matrix as codes of eight bits, twice: column by column for dividing rows, and in blocks of 16 columns, row by row,
/// for histograms.
package final class BinnedMatrix: @unchecked Sendable {
  // Written in `init` alone.
  package let bins: [ColumnBins]
  package let rows: Int
  package let blockCount: Int
  package let columnCodes: UnsafeMutableBufferPointer<UInt8>
  package let blockCodes: UnsafeMutableBufferPointer<UInt8>
  /// Where each column's part of a histogram begins, in pairs.
  package let offsets: [Int32]
  package let binCounts: [Int32]
  /// Pairs of a whole histogram.
  package let pairCount: Int

  package static let width = Int(LATHE_TREE_COLUMNS)
  /// Rows by which bins are chosen; more are drawn from.
  package static let mostSampled = 200_000

  /// Chooses bins by the values of a matrix, and codes it.
  package convenience init(_ x: FeatureMatrix, most: Int = 255, leastInBin: Int = 3, seed: UInt64 = 1) {
    var random = RandomSource(seed: seed, stream: 0x62696E73)
    let sample = x.rows > Self.mostSampled ? random.sample(Self.mostSampled, of: x.rows) : nil
    var bins = [ColumnBins?](repeating: nil, count: x.columns)
    bins.withUnsafeMutableBufferPointer { bins in
      ThreadPool.shared.parallelFor(x.columns, grain: 1) { columns in
        for column in columns {
          let values = sample.map { $0.map { x[$0, column] } } ?? x.column(column)
          bins[column] =
            x.categorical.contains(column)
            ? ColumnBins(categories: values, most: most, leastInBin: leastInBin)
            : ColumnBins(numeric: values, most: most, leastInBin: leastInBin)
        }
      }
    }
    self.init(x, bins: bins.compactMap { $0 })
  }

  /// Codes a matrix by bins that were chosen before.
  package init(_ x: FeatureMatrix, bins: [ColumnBins]) {
    require(bins.count == x.columns, "a matrix of \(x.columns) columns for bins of \(bins.count)")
    self.bins = bins
    rows = x.rows
    blockCount = (x.columns + Self.width - 1) / Self.width
    columnCodes = .allocate(capacity: max(1, x.rows * x.columns))
    blockCodes = .allocate(capacity: max(1, x.rows * blockCount * Self.width))
    blockCodes.initialize(repeating: 0)
    var offsets: [Int32] = []
    var next: Int32 = 0
    for column in bins {
      offsets.append(next)
      next += Int32(column.count)
    }
    self.offsets = offsets
    binCounts = bins.map { Int32($0.count) }
    pairCount = Int(next)
    let chunk = 16384
    let chunks = max(1, (rows + chunk - 1) / chunk)
    ThreadPool.shared.parallelFor(chunks * x.columns, grain: 1) { tasks in
      for task in tasks {
        let first = task / x.columns * chunk
        self.code(x, column: task % x.columns, rows: first..<min(first + chunk, self.rows))
      }
    }
  }

  deinit {
    columnCodes.deallocate()
    blockCodes.deallocate()
  }

  /// The codes of one column.
  package func column(_ column: Int) -> UnsafePointer<UInt8> {
    guard let base = columnCodes.baseAddress else { stop("a binned matrix without memory") }
    return UnsafePointer(base + column * rows)
  }

  /// The codes of sixteen columns, row by row.
  package func block(_ block: Int) -> UnsafePointer<UInt8> {
    guard let base = blockCodes.baseAddress else { stop("a binned matrix without memory") }
    return UnsafePointer(base + block * rows * Self.width)
  }

  private func code(_ x: FeatureMatrix, column: Int, rows range: Range<Int>) {
    let columns = UnsafeMutablePointer(mutating: self.column(column)) + range.lowerBound
    let blocks =
      UnsafeMutablePointer(mutating: block(column / Self.width)) + range.lowerBound * Self.width
      + column % Self.width
    let own = bins[column]
    if own.isCategorical {
      var codes: [Int: UInt8] = [:]
      for (i, category) in own.categories.enumerated() { codes[category] = UInt8(i + 1) }
      for i in 0..<range.count {
        let value = x[range.lowerBound + i, column]
        let code = value >= 0 && value < Double(Int32.max) ? codes[Int(value)] ?? 0 : 0
        columns[i] = code
        blocks[i * Self.width] = code
      }
      return
    }
    let missing = own.hasMissing ? Int32(own.bounds.count) : -1
    let first = range.lowerBound * x.rowStride + column * x.columnStride
    let (stride, count, bounds) = (x.rowStride, range.count, own.bounds.count)
    switch x.storage {
    case .float32(let values):
      values.withUnsafeBufferPointer {
        guard let base = $0.baseAddress else { return }
        lathe_tree_codes_f32(base + first, stride, count, own.bounds, bounds, missing, columns, blocks)
      }
    case .float64(let values):
      values.withUnsafeBufferPointer {
        guard let base = $0.baseAddress else { return }
        lathe_tree_codes_f64(base + first, stride, count, own.bounds, bounds, missing, columns, blocks)
      }
    }
  }
}
