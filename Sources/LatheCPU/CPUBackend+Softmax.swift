import CPUKernels
import LatheCore
import Synchronization

extension CPUBackend {
  package func softmax(rows: Int, columns: Int, logarithm: Bool, inputs: [Operand], outputs: [Operand]) throws
  {
    counters.launched()
    if columns == 0 { return }
    let (x, y) = (inputs[0].pointer(as: Float.self), outputs[0].pointer(as: Float.self))
    let streams = Self.streams(rows * columns * 4)
    ThreadPool.shared.parallelFor(rows, grain: rowGrain(columns)) { range in
      lathe_softmax(x, y, columns, logarithm, streams, range.lowerBound, range.upperBound)
    }
  }

  package func softmaxBackward(
    rows: Int, columns: Int, logarithm: Bool, inputs: [Operand], outputs: [Operand]
  )
    throws
  {
    counters.launched()
    if columns == 0 { return }
    let (dy, y) = (inputs[0].pointer(as: Float.self), inputs[1].pointer(as: Float.self))
    let dx = outputs[0].pointer(as: Float.self)
    let streams = Self.streams(rows * columns * 4)
    ThreadPool.shared.parallelFor(rows, grain: rowGrain(columns)) { range in
      lathe_softmax_backward(dy, y, dx, columns, logarithm, streams, range.lowerBound, range.upperBound)
    }
  }

  package func crossEntropy(_ loss: CrossEntropy, inputs: [Operand], outputs: [Operand]) throws {
    counters.launched()
    let (logits, labels) = (inputs[0].pointer(as: Float.self), inputs[1].pointer(as: Int32.self))
    let (losses, parts) = (outputs[0].pointer(as: Float.self), outputs[1].pointer(as: Float.self))
    try forEachRow(loss, labels: labels) {
      lathe_cross_entropy_forward($0, logits, labels, losses, parts, $1.lowerBound, $1.upperBound)
    }
  }

  package func crossEntropyBackward(_ loss: CrossEntropy, inputs: [Operand], outputs: [Operand]) throws {
    counters.launched()
    let (logits, labels) = (inputs[0].pointer(as: Float.self), inputs[1].pointer(as: Int32.self))
    let (parts, dloss) = (inputs[2].pointer(as: Float.self), inputs[3].pointer(as: Float.self))
    let dlogits = outputs[0].pointer(as: Float.self)
    try forEachRow(loss, labels: labels) {
      lathe_cross_entropy_backward(
        $0, logits, labels, parts, dloss, dlogits, $1.lowerBound, $1.upperBound)
    }
  }

  /// Runs a kernel over all rows; it says which row has a bad label, and the first of these is the error.
  private func forEachRow(
    _ loss: CrossEntropy, labels: UnsafePointer<Int32>,
    _ body: (UnsafePointer<lathe_cross_entropy>, Range<Int>) -> Int
  ) throws {
    let sizes = lathe_cross_entropy(
      classes: loss.classes, of_logarithms: loss.ofLogarithms, has_ignored: loss.ignoredIndex != nil,
      ignored: loss.ignoredIndex ?? 0,
      smoothing: loss.labelSmoothing)
    let bad = Atomic<Int>(.max)
    withUnsafePointer(to: sizes) { sizes in
      ThreadPool.shared.parallelFor(loss.rows, grain: rowGrain(loss.classes)) { range in
        let row = body(sizes, range)
        if row >= 0 { bad.min(row, ordering: .relaxed) }
      }
    }
    let row = bad.load(ordering: .relaxed)
    if row != .max {
      throw LatheError(
        .indexOutOfRange, "crossEntropy: label \(labels[row]) of row \(row) is not in 0..<\(loss.classes)")
    }
  }

  /// Whether a result of so many bytes is better written past the caches: whoever reads it next would find little of it.
  static func streams(_ byteCount: Int) -> Bool { byteCount >= 16 << 20 }

  /// Rows that are worth handing to another thread.
  func rowGrain(_ columns: Int) -> Int { max(1, 8192 / max(columns, 16)) }
}
