import CPUKernels
import LatheCore
import Synchronization

extension CPUBackend {
  package func blockProduct(_ sizes: BlockProduct, inputs: [Operand], outputs: [Operand]) throws {
    guard outputs[0].elementCount > 0 else { return }
    counters.launched()
    var first = 0
    let products = sizes.parts.enumerated().map { index, part in
      defer { first += part.n }
      let bias = sizes.hasBias ? inputs[1 + sizes.parts.count + index].pointer(as: Float.self) : nil
      return lathe_block_product(
        block: part.type.kernelType, matrix: UnsafeRawPointer(inputs[1 + index].pointer), columns: sizes.k,
        x: lathe_rounded(), x_floats: UnsafePointer(inputs[0].pointer(as: Float.self)), x_rows: sizes.m,
        bias: bias.map { UnsafePointer($0) }, y: outputs[0].pointer(as: Float.self) + first, y_row: sizes.n)
    }
    BlockMatrixProduct.run(products, rows: sizes.parts.map(\.n))
  }

  package func blockRows(
    _ type: BlockType, rows: Int, columns: Int, picked: Int, inputs: [Operand], outputs: [Operand]
  ) throws {
    guard outputs[0].elementCount > 0 else { return }
    counters.launched()
    let blocks = columns / type.elementCount
    let rowBytes = blocks * type.byteCount
    let block = type.kernelType
    nonisolated(unsafe) let matrix = UnsafeRawPointer(inputs[0].pointer)
    nonisolated(unsafe) let index = UnsafePointer(inputs[1].pointer(as: Int32.self))
    nonisolated(unsafe) let y = outputs[0].pointer(as: Float.self)
    let bad = Atomic(Int.max)
    ThreadPool.shared.parallelFor(picked, grain: max(1, 8192 / columns)) { range in
      for p in range {
        let row = index[p] < 0 ? Int(index[p]) + rows : Int(index[p])
        guard row >= 0, row < rows else {
          bad.min(p, ordering: .relaxed)
          return
        }
        lathe_unpack_blocks(block, matrix + row * rowBytes, blocks, y + p * columns)
      }
    }
    let position = bad.load(ordering: .relaxed)
    if position != .max {
      throw LatheError(
        .indexOutOfRange, "rows: index \(index[position]) is out of range for an axis of size \(rows)")
    }
  }
}

/// A product of rows with a matrix of blocks, on all threads.
enum BlockMatrixProduct {
  /// Rows of x from which a matrix is unpacked once for all of them: to panels of bytes, or to float32.
  private static let leastForPanels = 2
  private static let leastForFloats = 9
  /// Floats of a matrix that are unpacked at a time, so that they are still in the L2 cache when they are packed.
  private static let unpackedLimit = 1 << 18

  /// Computes the products of the same rows of x with all rows of each matrix.
  static func run(_ products: [lathe_block_product], rows: [Int]) {
    var rounded = lathe_rounded()
    var direct: [(product: lathe_block_product, rows: Int)] = []
    direct.reserveCapacity(products.count)
    for (product, rows) in zip(products, rows) {
      let panels = lathe_block_panels_run(product.block)
      if product.x_rows >= leastForFloats, !panels {
        runUnpacked(product, rows: rows)
        // It takes the memory that rounded rows lie in.
        rounded.quants = nil
        continue
      }
      var product = product
      if product.block.isRounded {
        if rounded.quants == nil {
          guard let made = round(product) else { return }
          rounded = made
        }
        product.x = rounded
      }
      if panels, product.x_rows >= leastForPanels {
        runPanels(product, rows: rows)
      } else {
        direct.append((product, rows))
      }
    }
    runRows(direct)
  }

  /// Rows of a matrix that are worth handing to another thread.
  private static func grain(_ product: lathe_block_product) -> Int {
    max(1, MatrixProduct.leastForThread / max(1, product.columns * product.x_rows))
  }

  /// Multiplies with the rows of all matrices as they lie there, threads taking their share of the whole.
  private static func runRows(_ parts: [(product: lathe_block_product, rows: Int)]) {
    guard let most = parts.max(by: { grain($0.product) < grain($1.product) }) else { return }
    let count = parts.reduce(0) { $0 + $1.rows }
    ThreadPool.shared.parallelFor(count, grain: (grain(most.product) + 3) / 4 * 4) { range in
      var first = 0
      for part in parts {
        let (start, end) = (max(range.lowerBound - first, 0), min(range.upperBound - first, part.rows))
        if start < end { withUnsafePointer(to: part.product) { lathe_block_product_rows($0, start, end) } }
        first += part.rows
      }
    }
  }

  /// Multiplies with rows that are unpacked once for all rows of x.
  private static func runPanels(_ product: lathe_block_product, rows: Int) {
    let height = Int(LATHE_BLOCK_PANEL_ROWS)
    guard
      let x = withUnsafePointer(
        to: product, { lathe_workspace(LATHE_WORKSPACE_PARTIAL, lathe_block_x_size($0)) })
    else { return }
    ThreadPool.shared.parallelFor(lathe_block_x_tiles(product.x_rows), grain: 1) { range in
      withUnsafePointer(to: product) { lathe_block_pack_x($0, x, range.lowerBound, range.upperBound) }
    }
    ThreadPool.shared.parallelFor(
      (rows + height - 1) / height, grain: (grain(product) + height - 1) / height
    ) { range in
      withUnsafePointer(to: product) {
        guard let panel = lathe_workspace(LATHE_WORKSPACE_PRIVATE, lathe_block_panel_size($0)) else { return }
        lathe_block_product_panels($0, x, rows, panel, range.lowerBound, range.upperBound)
      }
    }
  }

  /// The rows of x rounded to eight bits; nil where there is no memory.
  private static func round(_ product: lathe_block_product) -> lathe_rounded? {
    let (rows, columns) = (product.x_rows, product.columns)
    guard let memory = lathe_workspace(LATHE_WORKSPACE_SHARED, lathe_rounded_size(rows, columns)) else {
      return nil
    }
    let whole = lathe_rounded_in(memory, rows, columns)
    let blocks = rows * columns / Int(LATHE_BLOCK_ELEMENTS)
    let x = product.x_floats
    ThreadPool.shared.parallelFor(blocks, grain: 1024) { range in
      let first = range.lowerBound
      var part = whole
      part.quants += first * Int(LATHE_BLOCK_ELEMENTS)
      part.fours = part.fours.map { $0 + first * Int(LATHE_BLOCK_ELEMENTS) }
      part.scales += first
      part.sums += first
      part.halves += 2 * first
      lathe_round_blocks(x.map { $0 + first * Int(LATHE_BLOCK_ELEMENTS) }, range.count, &part)
    }
    return whole
  }

  /// Unpacks some rows of the matrix after the other and multiplies by float32 products.
  private static func runUnpacked(_ product: lathe_block_product, rows: Int) {
    let k = product.columns
    let size = lathe_block_elements(product.block)
    let rowBytes = k / size * lathe_block_bytes(product.block)
    let most = max(64, unpackedLimit / max(k, 1) / 64 * 64)
    guard
      let unpacked = lathe_workspace(LATHE_WORKSPACE_PARTIAL, min(most, rows) * k),
      let matrix = product.matrix
    else { return }
    for first in stride(from: 0, to: rows, by: most) {
      let count = min(most, rows - first)
      ThreadPool.shared.parallelFor(count, grain: max(1, 8192 / max(k, 1))) { range in
        lathe_unpack_blocks(
          product.block, matrix + (first + range.lowerBound) * rowBytes, range.count * k / size,
          unpacked + range.lowerBound * k)
      }
      MatrixProduct.run(
        lathe_gemm(
          m: product.x_rows, n: count, k: k, a: product.x_floats, a_row: k, a_column: 1, b: unpacked,
          b_row: 1,
          b_column: k, c: product.y + first, c_row: product.y_row, bias: product.bias.map { $0 + first },
          relu: false))
    }
  }
}

extension lathe_block {
  /// Whether products with it take rounded rows of x.
  fileprivate var isRounded: Bool { self != LATHE_BLOCK_F16 && self != LATHE_BLOCK_BF16 }
}

extension BlockType {
  /// The kernels' number.
  var kernelType: lathe_block {
    switch self {
    case .q4_0: LATHE_BLOCK_Q4_0
    case .q4_1: LATHE_BLOCK_Q4_1
    case .q5_0: LATHE_BLOCK_Q5_0
    case .q5_1: LATHE_BLOCK_Q5_1
    case .q8_0: LATHE_BLOCK_Q8_0
    case .q2_K: LATHE_BLOCK_Q2_K
    case .q3_K: LATHE_BLOCK_Q3_K
    case .q4_K: LATHE_BLOCK_Q4_K
    case .q5_K: LATHE_BLOCK_Q5_K
    case .q6_K: LATHE_BLOCK_Q6_K
    case .float16: LATHE_BLOCK_F16
    case .bfloat16: LATHE_BLOCK_BF16
    }
  }
}
