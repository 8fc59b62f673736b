import CPUKernels
import LatheCPU
import LatheCore

/// Makes histograms of leaves on all cores.
///
/// A task is a block of 16 columns and a part of the rows. Leaves of few rows have one part, and what is done with the
/// histogram afterwards is done in the same task.
final class HistogramBuilder {
  private let matrix: BinnedMatrix
  private let gradients: QuantizedGradients
  /// Packed sums of a task.
  private var own: [UnsafeMutablePointer<UInt64>] = []
  /// Histograms of all parts of rows but the first.
  private var parts: [UnsafeMutablePointer<Int64>] = []
  private let ownCount = BinnedMatrix.width * Int(LATHE_TREE_STRIDE)

  /// Rows that are worth a task of their own.
  private static let rowsOfPart = 8192

  init(_ matrix: BinnedMatrix, _ gradients: QuantizedGradients) {
    self.matrix = matrix
    self.gradients = gradients
  }

  deinit {
    for memory in own { memory.deallocate() }
    for memory in parts { memory.deallocate() }
  }

  /// The columns of a block.
  func columns(of block: Int) -> Range<Int> {
    block * BinnedMatrix.width..<min((block + 1) * BinnedMatrix.width, matrix.bins.count)
  }

  /// Makes the histogram of rows, all rows for nil, and calls `finish` for ranges of columns that are ready.
  func build(
    _ rows: UnsafePointer<UInt32>?, count: Int, into pairs: UnsafeMutablePointer<Int64>,
    finish: (Range<Int>) -> Void
  ) {
    let (threads, blocks) = (ThreadPool.shared.threadCount, matrix.blockCount)
    // Several tasks for each thread, so that they end together.
    let wanted = threads == 1 ? 1 : (4 * threads + blocks - 1) / blocks
    let partCount = max(1, min(count / Self.rowsOfPart, wanted))
    prepare(tasks: partCount * blocks, parts: partCount - 1)
    ThreadPool.shared.parallelFor(partCount * blocks, grain: 1) { tasks in
      for task in tasks {
        let (block, part) = (task % blocks, task / blocks)
        let (first, last) = (count * part / partCount, count * (part + 1) / partCount)
        add(
          block, rows, first, last - first, to: part == 0 ? pairs : parts[part - 1], own: own[task])
        if partCount == 1 { finish(columns(of: block)) }
      }
    }
    guard partCount > 1 else { return }
    ThreadPool.shared.parallelFor(matrix.bins.count, grain: 4) { columns in
      let first = 2 * Int(matrix.offsets[columns.lowerBound])
      let last = columns.upperBound - 1
      let end = 2 * Int(matrix.offsets[last] + matrix.binCounts[last])
      for part in parts[..<(partCount - 1)] { lathe_tree_add(pairs + first, part + first, end - first) }
      finish(columns)
    }
  }

  private func prepare(tasks: Int, parts count: Int) {
    while own.count < tasks {
      let memory = UnsafeMutablePointer<UInt64>.allocate(capacity: ownCount)
      memory.initialize(repeating: 0, count: ownCount)
      own.append(memory)
    }
    while parts.count < count { parts.append(.allocate(capacity: max(1, 2 * matrix.pairCount))) }
  }

  private func add(
    _ block: Int, _ rows: UnsafePointer<UInt32>?, _ first: Int, _ count: Int,
    to pairs: UnsafeMutablePointer<Int64>, own: UnsafeMutablePointer<UInt64>
  ) {
    let columns = columns(of: block)
    let codes = matrix.block(block)
    let start = 2 * Int(matrix.offsets[columns.lowerBound])
    let last = columns.upperBound - 1
    let end = 2 * Int(matrix.offsets[last] + matrix.binCounts[last])
    (pairs + start).update(repeating: 0, count: end - start)
    matrix.offsets.withUnsafeBufferPointer { offsets in
      matrix.binCounts.withUnsafeBufferPointer { bins in
        guard let offsets = offsets.baseAddress, let bins = bins.baseAddress else { return }
        if gradients.isWide {
          lathe_tree_histogram_wide(
            codes, rows, first, count, gradients.wide, offsets + columns.lowerBound, columns.count, pairs)
          return
        }
        let most = Int(LATHE_TREE_PACKED_ROWS)
        for begin in stride(from: first, to: first + count, by: most) {
          lathe_tree_histogram(codes, rows, begin, min(most, first + count - begin), gradients.packed, own)
          lathe_tree_flush(own, bins + columns.lowerBound, offsets + columns.lowerBound, columns.count, pairs)
        }
      }
    }
    // Columns that fill the block up have code 0 alone; a block's last sums are not looked at.
    for column in columns.count..<BinnedMatrix.width { own[column * Int(LATHE_TREE_STRIDE)] = 0 }
  }
}
