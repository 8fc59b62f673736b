import CPUKernels
import LatheCore
import Testing

import LatheCPU

@Suite struct MatmulTests {
  static let edges = [1, 7, 31, 33, 64, 65]

  private func check(_ a: Operand, _ b: Operand, _ product: MatrixMultiplication, batch: Int) throws {
    var numbers = Numbers(99)
    let bias = numbers.floats(product.n)
    var inputs = [a, b]
    if product.hasBias { inputs.append(try Kernel.operand(bias)) }
    let (m, n, k) = (product.m, product.n, product.k)
    let actual = try Kernel.run(.matmul(product), inputs, count: batch * m * n)
    let (av, bv) = (try values(a), try values(b))
    var expected = [Double](repeating: 0, count: batch * m * n)
    for s in 0..<batch {
      for i in 0..<m {
        for j in 0..<n {
          var sum = product.hasBias ? Double(bias[j]) : 0
          for p in 0..<k { sum += Double(av[(s * m + i) * k + p]) * Double(bv[(s * k + p) * n + j]) }
          expected[(s * m + i) * n + j] = product.activation == .relu ? max(sum, 0) : sum
        }
      }
    }
    expectClose(
      actual, expected, scale: Double(max(k, 1)).squareRoot(),
      "\(m) x \(n) x \(k), a \(a.layout), b \(b.layout)")
  }

  /// The elements of an operand in row-major order, whatever its layout.
  private func values(_ operand: Operand) throws -> [Float] {
    let all = try Kernel.values(
      Operand(buffer: operand.buffer, layout: Layout([operand.buffer.byteCount / 4]), dtype: .float32),
      as: Float.self, zero: 0)
    return (0..<operand.elementCount).map { index in
      var (rest, at) = (index, operand.layout.offset)
      for axis in operand.shape.indices.reversed() {
        at += rest % operand.shape[axis] * operand.layout.strides[axis]
        rest /= operand.shape[axis]
      }
      return all[at]
    }
  }

  /// A matrix that lies row by row or column by column, with `gap` elements between lines.
  private func matrix(_ rows: Int, _ columns: Int, transposed: Bool, gap: Int, seed: Int) throws -> Operand {
    var numbers = Numbers(seed)
    let line = (transposed ? rows : columns) + gap
    let lines = transposed ? columns : rows
    var operand = try Kernel.operand(numbers.floats(line * lines + 3))
    operand.layout = Layout(
      shape: [rows, columns], strides: transposed ? [1, line] : [line, 1], offset: gap > 0 ? 3 : 0)
    return operand
  }

  @Test(arguments: edges) func edgesOfTiles(m: Int) throws {
    for n in Self.edges {
      for k in Self.edges {
        for layout in 0..<4 {
          let a = try matrix(m, k, transposed: layout & 1 == 1, gap: layout, seed: 1)
          let b = try matrix(k, n, transposed: layout & 2 == 2, gap: layout & 1, seed: 2)
          let product = MatrixMultiplication(
            m: m, n: n, k: k, hasBias: layout % 2 == 0, activation: layout > 1 ? .relu : .none)
          try check(a, b, product, batch: 1)
        }
      }
    }
  }

  @Test func largeProducts() throws {
    for (m, n, k) in [(300, 200, 700), (129, 515, 260), (1000, 10, 300), (5, 1000, 600), (1, 513, 4097)] {
      for layout in 0..<4 {
        let a = try matrix(m, k, transposed: layout & 1 == 1, gap: 0, seed: 3)
        let b = try matrix(k, n, transposed: layout & 2 == 2, gap: 5, seed: 4)
        try check(
          a, b, MatrixMultiplication(m: m, n: n, k: k, hasBias: true, activation: .relu), batch: 1)
      }
    }
  }

  /// The built-in kernel for products that the backend gives to the BLAS where there is one.
  @Test func builtInKernelOnLargeProducts() throws {
    for (m, n, k) in [(300, 200, 700), (129, 515, 260), (64, 33, 1025)] {
      var numbers = Numbers(5)
      let (a, b, bias) = (numbers.floats(m * k), numbers.floats(k * n), numbers.floats(n))
      var c = [Float](repeating: .nan, count: m * n)
      a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          bias.withUnsafeBufferPointer { bias in
            c.withUnsafeMutableBufferPointer { c in
              guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress else { return }
              MatrixProduct.runBuiltIn(
                lathe_gemm(
                  m: m, n: n, k: k, a: a, a_row: k, a_column: 1, b: b, b_row: n, b_column: 1, c: c, c_row: n,
                  bias: bias.baseAddress, relu: false))
            }
          }
        }
      }
      var expected = [Double](repeating: 0, count: m * n)
      for i in 0..<m {
        for j in 0..<n {
          expected[i * n + j] = Double(bias[j])
          for p in 0..<k { expected[i * n + j] += Double(a[i * k + p]) * Double(b[p * n + j]) }
        }
      }
      expectClose(c, expected, scale: Double(k).squareRoot(), "built-in \(m) x \(n) x \(k)")
    }
  }

  @Test func batches() throws {
    var numbers = Numbers(6)
    for (m, n, k) in [(1, 9, 4), (5, 33, 17), (40, 40, 64), (130, 70, 129)] {
      let a = try Kernel.operand(numbers.floats(6 * m * k), [2, 3, m, k])
      let b = try Kernel.operand(numbers.floats(6 * k * n), [2, 3, k, n])
      let product = MatrixMultiplication(m: m, n: n, k: k, hasBias: true, activation: .none)
      try check(a, b, product, batch: 6)
      for strides: Shape in [[0, 0, n, 1], [0, k * n, n, 1], [k * n, 0, n, 1], [0, 0, 1, k]] {
        var shared = b
        shared.layout = Layout(shape: [2, 3, k, n], strides: strides, offset: 0)
        try check(a, shared, product, batch: 6)
        var broadcast = a
        broadcast.layout = Layout(shape: [2, 3, m, k], strides: [m * k, 0, k, 1], offset: 0)
        try check(broadcast, shared, product, batch: 6)
      }
    }
  }

  @Test func nothingToAdd() throws {
    for (m, n) in [(3, 5), (40, 70)] {
      let (a, b) = (try Kernel.operand([], [m, 0]), try Kernel.operand([], [0, n]))
      try check(a, b, MatrixMultiplication(m: m, n: n, k: 0, hasBias: true, activation: .relu), batch: 1)
      try check(a, b, MatrixMultiplication(m: m, n: n, k: 0), batch: 1)
    }
  }
}
