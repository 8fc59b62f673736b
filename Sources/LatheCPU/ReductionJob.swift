import CPUKernels
import LatheCore

/// A reduction seen as [outer, length, inner]: the middle is joined, the rest is kept.
///
/// Accumulators take 8 bytes, the bits of a Double for float32 and float64 and an Int64 else. Long reductions are cut into
/// pieces whose size depends on the shape alone and whose results are joined in order, so the result does not
/// depend on the number of threads.
struct ReductionJob: @unchecked Sendable {
  // Unchecked: it holds addresses; ranges of outputs that threads write are disjoint.

  /// Elements joined into one.
  let length: Int
  /// Kept elements before and behind the joined axes.
  let outer: Int
  let inner: Int

  private let plan: ElementwisePlan
  private let kind: ReductionKind
  private let isFloat: Bool
  private let sumsFloats: Bool
  private let elementSize: Int
  private let register: UInt16
  private let run: lathe_reduce_run
  private let rows: lathe_reduce_rows
  private let divisor: Double
  private let outputType: DType
  private let target: UnsafeMutableRawPointer

  /// Elements of a piece.
  private static let piece = 32 * 1024
  /// Pieces of all columns together that are enough.
  private static let columnUnits = 128

  init(_ reduction: Reduction, inputs: [Operand], output: Operand) {
    let shape = inputs[0].shape
    let program = reduction.program
    let type = program.type(of: Int(program.outputs[0].register))
    // Kept axes behind the last joined one stay innermost: their elements are joined side by side.
    let lastReduced = (0..<shape.rank).last { reduction.reduced[$0] && shape[$0] != 1 } ?? -1
    var order = Shape()
    var sizes = (outer: 1, length: 1, inner: 1)
    for axis in 0..<shape.rank where !reduction.reduced[axis] && axis < lastReduced {
      order.append(axis)
      sizes.outer *= shape[axis]
    }
    for axis in 0..<shape.rank where reduction.reduced[axis] {
      order.append(axis)
      sizes.length *= shape[axis]
    }
    for axis in 0..<shape.rank where !reduction.reduced[axis] && axis > lastReduced {
      order.append(axis)
      sizes.inner *= shape[axis]
    }
    (outer, length, inner) = sizes
    let axes = CollapsedAxes(shape: shape, order: order, operands: inputs[...])
    plan = ElementwisePlan(program, scalars: reduction.scalars, inputs: inputs[...], axes: axes, targets: [])
    kind = reduction.kind
    isFloat = type.isFloatingPoint && kind != .any && kind != .all
    sumsFloats = kind == .sum && type == .float32
    elementSize = type.byteCount
    register = program.outputs[0].register
    (run, rows) = Self.kernels(kind, type)
    divisor = reduction.divisor
    outputType = output.dtype
    target = output.pointer
  }

  /// The accumulator of nothing.
  var identity: Int64 {
    switch kind {
    case .sum: isFloat ? Int64(bitPattern: (0.0).bitPattern) : 0
    case .product: isFloat ? Int64(bitPattern: (1.0).bitPattern) : 1
    case .max: isFloat ? Int64(bitPattern: (-Double.infinity).bitPattern) : .min
    case .min: isFloat ? Int64(bitPattern: Double.infinity.bitPattern) : .max
    case .any: 0
    case .all: 1
    }
  }

  /// Reduces [outer, length].
  func reduceRows() {
    let pieces = (length + Self.piece - 1) / Self.piece
    if pieces == 1 {
      let grain = max(1, CPUBackend.grain(cost: plan.cost) / length)
      ThreadPool.shared.parallelFor(outer, grain: grain) { range in
        var accumulators = [Int64](repeating: identity, count: range.count)
        joinRows(range, &accumulators)
        store(accumulators, at: range.lowerBound)
      }
      return
    }
    var partial = [Int64](repeating: identity, count: outer * pieces)
    partial.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let partial = buffer
      plan.withPlan { plan in
        nonisolated(unsafe) let plan = plan
        ThreadPool.shared.parallelFor(outer * pieces, grain: 1) { range in
          guard let scratch = lathe_plan_ready(plan) else { return }
          for i in range {
            let (row, piece) = i.quotientAndRemainder(dividingBy: pieces)
            let begin = row * length + piece * Self.piece
            let end = min(begin + Self.piece, (row + 1) * length)
            lathe_plan_reduce_run(plan, scratch, begin, end, register, run, &partial[i])
          }
        }
      }
    }
    let joined = (0..<outer).map { row in
      partial[row * pieces..<(row + 1) * pieces].reduce(identity, join)
    }
    store(joined, at: 0)
  }

  private func joinRows(_ range: Range<Int>, _ accumulators: inout [Int64]) {
    plan.withPlan { plan in
      guard let scratch = lathe_plan_ready(plan) else { return }
      if length <= Int(LATHE_BLOCK) {
        lathe_plan_reduce_short(
          plan, scratch, range.lowerBound, range.upperBound, length, register, elementSize, run, &accumulators
        )
      } else {
        for row in range {
          lathe_plan_reduce_run(
            plan, scratch, row * length, (row + 1) * length, register, run,
            &accumulators[row - range.lowerBound])
        }
      }
    }
  }

  /// Reduces [outer, length, inner] along the middle, a strip of columns at a time.
  func reduceColumns() {
    let width = min(inner, Int(LATHE_BLOCK))
    let strips = (inner + width - 1) / width
    // Pieces enough for many threads, and no more than that of what is joined at the end.
    let pieceRows = max(32, Self.piece / width, length / max(1, Self.columnUnits / (outer * strips)))
    let pieces = (length + pieceRows - 1) / pieceRows
    // Accumulators of each (outer, strip, piece), those of the pieces of a strip one behind the other.
    let units = outer * strips * pieces
    let grain = pieces > 1 ? 1 : max(1, CPUBackend.grain(cost: plan.cost) / (width * length))
    var partial = [Int64](repeating: identity, count: pieces > 1 ? units * width : 0)
    partial.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let partial = buffer
      plan.withPlan { plan in
        nonisolated(unsafe) let plan = plan
        ThreadPool.shared.parallelFor(units, grain: grain) { range in
          guard let scratch = lathe_plan_ready(plan) else { return }
          var own = [Int64](repeating: identity, count: width)
          for unit in range {
            let (strip, piece) = unit.quotientAndRemainder(dividingBy: pieces)
            let (o, s) = strip.quotientAndRemainder(dividingBy: strips)
            let columns = min(width, inner - s * width)
            let first = piece * pieceRows
            let begin = (o * length + first) * inner + s * width
            let count = min(pieceRows, length - first)
            if pieces > 1, let base = partial.baseAddress {
              join(plan, scratch, begin, count, columns, base + unit * width)
            } else {
              for i in 0..<columns { own[i] = identity }
              join(plan, scratch, begin, count, columns, &own)
              store(own[..<columns], at: o * inner + s * width)
            }
          }
        }
      }
    }
    if pieces == 1 { return }
    for strip in 0..<outer * strips {
      let (o, s) = strip.quotientAndRemainder(dividingBy: strips)
      let columns = min(width, inner - s * width)
      let joined = (0..<columns).map { column in
        (0..<pieces).reduce(identity) { join($0, partial[(strip * pieces + $1) * width + column]) }
      }
      store(joined, at: o * inner + s * width)
    }
  }

  /// Joins `count` rows of a strip, from the element `begin` on, to accumulators that hold the identity.
  private func join(
    _ plan: UnsafePointer<lathe_plan>, _ scratch: UnsafeMutableRawPointer, _ begin: Int, _ count: Int,
    _ columns: Int, _ accumulators: UnsafeMutablePointer<Int64>
  ) {
    guard sumsFloats && columns >= 16 else {
      return lathe_plan_reduce_rows(plan, scratch, begin, count, inner, columns, register, rows, accumulators)
    }
    accumulators.withMemoryRebound(to: Double.self, capacity: columns) {
      lathe_plan_sum_rows(plan, scratch, begin, count, inner, columns, register, $0)
    }
  }

  /// Joins two accumulators.
  private func join(_ a: Int64, _ b: Int64) -> Int64 {
    if isFloat {
      let x = Double(bitPattern: UInt64(bitPattern: a))
      let y = Double(bitPattern: UInt64(bitPattern: b))
      let joined: Double =
        switch kind {
        case .sum: x + y
        case .product: x * y
        case .max: x > y || x.isNaN ? x : y
        case .min: x < y || x.isNaN ? x : y
        case .any, .all: preconditionFailure("any and all have whole accumulators")
        }
      return Int64(bitPattern: joined.bitPattern)
    }
    return switch kind {
    case .sum: a &+ b
    case .product: a &* b
    case .max: max(a, b)
    case .min: min(a, b)
    case .any: a != 0 || b != 0 ? 1 : 0
    case .all: a != 0 && b != 0 ? 1 : 0
    }
  }

  /// Divides and stores accumulators as elements of the output from `index` on.
  func store(_ accumulators: some RandomAccessCollection<Int64>, at index: Int) {
    func write<T>(_ type: T.Type, _ convert: (Int64) -> T) {
      let to = target.assumingMemoryBound(to: type) + index
      for (i, accumulator) in accumulators.enumerated() { to[i] = convert(accumulator) }
    }
    func double(_ bits: Int64) -> Double {
      (isFloat ? Double(bitPattern: UInt64(bitPattern: bits)) : Double(bits)) / divisor
    }
    func float(_ bits: Int64) -> Float { Float(double(bits)) }
    func whole(_ bits: Int64) -> Int64 { isFloat ? ScalarValue.float(double(bits)).intValue : bits }
    switch outputType {
    case .float32: write(Float.self, float)
    case .float64: write(Double.self, double)
    case .float16, .bfloat16:
      let values = accumulators.map(float)
      let table = ElementwiseKernels.table
      let kernel = outputType == .float16 ? table.pointee.f32_to_f16 : table.pointee.f32_to_bf16
      kernel?(target + index * 2, values, nil, nil, values.count)
    case .int32: write(Int32.self) { Int32(truncatingIfNeeded: whole($0)) }
    case .int64: write(Int64.self, whole)
    case .uint8: write(UInt8.self) { UInt8(truncatingIfNeeded: whole($0)) }
    case .int8: write(Int8.self) { Int8(truncatingIfNeeded: whole($0)) }
    case .int16: write(Int16.self) { Int16(truncatingIfNeeded: whole($0)) }
    case .uint16: write(UInt16.self) { UInt16(truncatingIfNeeded: whole($0)) }
    case .uint32: write(UInt32.self) { UInt32(truncatingIfNeeded: whole($0)) }
    case .bool: write(UInt8.self) { whole($0) != 0 ? 1 : 0 }
    }
  }

  private static func kernels(_ kind: ReductionKind, _ type: DType) -> (lathe_reduce_run, lathe_reduce_rows) {
    let k = lathe_reductions().pointee
    let pair: (lathe_reduce_run?, lathe_reduce_rows?) =
      switch (kind, type) {
      case (.sum, .float32): (k.sum_f32, k.sum_f32_rows)
      case (.sum, .float64): (k.sum_f64, k.sum_f64_rows)
      case (.sum, .int32): (k.sum_i32, k.sum_i32_rows)
      case (.sum, .int64): (k.sum_i64, k.sum_i64_rows)
      case (.sum, _): (k.sum_u8, k.sum_u8_rows)
      case (.product, .float32): (k.product_f32, k.product_f32_rows)
      case (.product, .float64): (k.product_f64, k.product_f64_rows)
      case (.product, .int32): (k.product_i32, k.product_i32_rows)
      case (.product, .int64): (k.product_i64, k.product_i64_rows)
      case (.product, _): (k.product_u8, k.product_u8_rows)
      case (.max, .float32): (k.max_f32, k.max_f32_rows)
      case (.max, .float64): (k.max_f64, k.max_f64_rows)
      case (.max, .int32): (k.max_i32, k.max_i32_rows)
      case (.max, .int64): (k.max_i64, k.max_i64_rows)
      case (.max, _): (k.max_u8, k.max_u8_rows)
      case (.min, .float32): (k.min_f32, k.min_f32_rows)
      case (.min, .float64): (k.min_f64, k.min_f64_rows)
      case (.min, .int32): (k.min_i32, k.min_i32_rows)
      case (.min, .int64): (k.min_i64, k.min_i64_rows)
      case (.min, _): (k.min_u8, k.min_u8_rows)
      case (.any, .float32): (k.any_f32, k.any_f32_rows)
      case (.any, .float64): (k.any_f64, k.any_f64_rows)
      case (.any, .int32): (k.any_i32, k.any_i32_rows)
      case (.any, .int64): (k.any_i64, k.any_i64_rows)
      case (.any, _): (k.any_u8, k.any_u8_rows)
      case (.all, .float32): (k.all_f32, k.all_f32_rows)
      case (.all, .float64): (k.all_f64, k.all_f64_rows)
      case (.all, .int32): (k.all_i32, k.all_i32_rows)
      case (.all, .int64): (k.all_i64, k.all_i64_rows)
      case (.all, _): (k.all_u8, k.all_u8_rows)
      }
    guard let run = pair.0, let rows = pair.1 else { preconditionFailure("no kernel for \(kind) of \(type)") }
    return (run, rows)
  }
}
