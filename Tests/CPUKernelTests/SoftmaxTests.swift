import Glibc
import LatheCore
import LatheCPU
import Testing

@Suite struct SoftmaxTests {
  private static let columns = [1, 7, 10, 16, 31, 33, 64, 65, 1000]
  private static let rows = 9

  private func exponentials(_ x: ArraySlice<Float>) -> (values: [Double], logSum: Double) {
    let maximum = Double(x.max() ?? 0)
    let e = x.map { exp(Double($0) - maximum) }
    let sum = e.reduce(0, +)
    return (e.map { $0 / sum }, maximum + log(sum))
  }

  @Test(arguments: columns, [true, false]) func values(columns: Int, logarithm: Bool) throws {
    var numbers = Numbers(columns)
    let count = Self.rows * columns
    // Rows of different size: the last ones would overflow without the maximum taken away.
    let x = (0..<count).map {
      numbers.next() * Float([1, 10, 100][$0 / columns % 3]) + Float($0 / columns * 50)
    }
    let dy = numbers.floats(count)
    var (y, dx) = ([Double](), [Double]())
    for row in 0..<Self.rows {
      let part = row * columns..<(row + 1) * columns
      let (p, logSum) = exponentials(x[part])
      let g = dy[part].map(Double.init)
      y += logarithm ? x[part].map { Double($0) - logSum } : p
      let dot = logarithm ? g.reduce(0, +) : zip(g, p).map { $0 * $1 }.reduce(0, +)
      dx += zip(g, p).map { logarithm ? $0 - $1 * dot : $1 * ($0 - dot) }
    }
    let forward = try Kernel.run(
      .softmax(rows: Self.rows, columns: columns, logarithm: logarithm), [try Kernel.operand(x)], count: count
    )
    expectClose(forward, y, tolerance: logarithm ? 1e-6 : 3e-7, "softmax of \(columns)")
    let backward = try Kernel.run(
      .softmaxBackward(rows: Self.rows, columns: columns, logarithm: logarithm),
      [try Kernel.operand(dy), try Kernel.operand(y.map { Float($0) })], count: count)
    expectClose(
      backward, dx, tolerance: 3e-6, scale: logarithm ? Double(columns).squareRoot() : 1,
      "gradient of softmax of \(columns)")
  }

  /// Within two units in the last place of the exponential; what is below the smallest normal number may be 0.
  @Test func exponentialIsAccurate() throws {
    let x = (0..<4000).map { Float(-Double($0) * 0.026) }
    let y = try Kernel.run(
      .softmax(rows: 4000, columns: 2, logarithm: false), [try Kernel.operand(x.flatMap { [0, $0] })],
      count: 8000)
    for (i, value) in x.enumerated() {
      let expected = exp(Double(value)) / (1 + exp(Double(value)))
      #expect(abs(Double(y[2 * i + 1]) - expected) <= 3e-7 * expected + 0x1p-126, "x = \(value)")
    }
  }

  @Test func specialValues() throws {
    let infinity = Float.infinity
    for columns in [3, 20] {
      let pad = [Float](repeating: -infinity, count: columns - 3)
      let rows: [[Float]] = [[-infinity, 0, -infinity], [-infinity, -infinity, -infinity], [.nan, 1, 2]]
      let x = rows.flatMap { $0 + pad }
      let y = try Kernel.run(
        .softmax(rows: 3, columns: columns, logarithm: false), [try Kernel.operand(x)], count: x.count)
      #expect(y[0] == 0 && y[1] == 1 && y[2] == 0 && y[columns - 1] == 0)
      #expect(y[columns...].allSatisfy { $0.isNaN })
      let logarithm = try Kernel.run(
        .softmax(rows: 3, columns: columns, logarithm: true), [try Kernel.operand(x)], count: x.count)
      #expect(logarithm[0] == -infinity && logarithm[1] == 0 && logarithm[2] == -infinity)
      #expect(logarithm[columns...].allSatisfy { $0.isNaN })
    }
  }

  @Test(arguments: [2, 10, 33, 64], [Float(0), 0.1]) func crossEntropy(classes: Int, smoothing: Float) throws
  {
    let rows = 300
    var numbers = Numbers(classes)
    let logits = numbers.floats(rows * classes).map { $0 * 20 }
    let labels = (0..<rows).map { Int32($0 % 11 == 3 ? -100 : $0 % classes) }
    let dloss = numbers.floats(rows)
    var (losses, gradients) = ([Double](), [Double]())
    for row in 0..<rows {
      let x = logits[row * classes..<(row + 1) * classes]
      let (p, logSum) = exponentials(x)
      let (s, c, label) = (Double(smoothing), Double(classes), Int(labels[row]))
      if label < 0 {
        losses.append(0)
        gradients += p.map { _ in 0 }
        continue
      }
      losses.append(
        logSum - (1 - s) * Double(x[x.startIndex + label]) - s / c * x.reduce(0) { $0 + Double($1) })
      gradients += p.enumerated().map { j, e in Double(dloss[row]) * (e - (j == label ? 1 - s : 0) - s / c) }
    }
    let sizes = CrossEntropy(rows: rows, classes: classes, ignoredIndex: -100, labelSmoothing: smoothing)
    let (x, label) = (try Kernel.operand(logits), try Kernel.operand(labels, [rows], .int32))
    let (loss, parts) = (try Kernel.output(rows), try Kernel.output(2 * rows))
    try CPUBackend.shared.run(.crossEntropy(sizes), inputs: [x, label], outputs: [loss, parts])
    expectClose(try Kernel.floats(loss), losses, tolerance: 2e-6, scale: 10, "loss")
    let backward = try Kernel.run(
      .crossEntropyBackward(sizes), [x, label, parts, try Kernel.operand(dloss)], count: logits.count)
    expectClose(backward, gradients, tolerance: 4e-6, "gradient of the loss")
  }

  @Test func badLabels() throws {
    let sizes = CrossEntropy(rows: 3, classes: 4, ignoredIndex: nil, labelSmoothing: 0)
    let x = try Kernel.operand([Float](repeating: 0, count: 12))
    for bad in [Int32(4), -1, -100] {
      let label = try Kernel.operand([0, bad, 9], [3], .int32)
      #expect(
        throws: LatheError(.indexOutOfRange, "crossEntropy: label \(bad) of row 1 is not in 0..<4")
      ) {
        try CPUBackend.shared.run(
          .crossEntropy(sizes), inputs: [x, label], outputs: [try Kernel.output(3), try Kernel.output(6)])
      }
    }
  }
}
