import Lathe

extension OpCase {
  static let matmulCases: [OpCase] = {
    var cases: [OpCase] = []
    func add(_ a: [Int], _ b: [Int], gradient: Bool = false, views: Bool = false) {
      cases.append(
        OpCase(
          "matmul \(a) x \(b)", [.float(a), .float(b)], tolerance: .accumulated,
          gradient: gradient ? [0, 1] : [],
          secondOrder: gradient && a.count + b.count <= 5, views: views, run: { $0[0].matmul($0[1]) },
          reference: { NDArray.matmul($0[0], $0[1]) }))
    }
    // Vectors, matrices, batches with broadcasting.
    for (a, b) in [
      ([7], [7]), ([7], [7, 3]), ([3, 7], [7]), ([3, 5], [5, 4]), ([1, 1], [1, 1]), ([2, 3, 4], [2, 4, 2]),
      ([2, 3, 4], [4, 2]), ([3, 4], [2, 4, 2]), ([2, 1, 3, 4], [3, 4, 2]), ([2, 3, 4], [4]),
      ([4], [2, 4, 3]),
    ] { add(a, b, gradient: true, views: true) }
    // Sizes around the tiles of every kernel, in each of the three roles.
    let sizes = [1, 7, 31, 32, 33, 63, 64, 65, 93]
    for (i, m) in sizes.enumerated() {
      let n = sizes[(i * 4 + 2) % sizes.count]
      let k = sizes[(i * 5 + 3) % sizes.count]
      add([m, k], [k, n], views: true)
      add([n, m], [m, k])
    }
    for (m, k, n) in [
      (1, 64, 256), (256, 64, 1), (1, 256, 1), (256, 1, 256), (128, 128, 128), (130, 257, 93), (64, 784, 10),
      (12, 3, 32), (13, 5, 34),
    ] {
      add([m, k], [k, n], views: m == 130)
    }
    // The largest tiles of the kernel for GPUs, with sums that are added to in memory.
    add([256, 20], [20, 256])
    add([128, 516], [516, 512])
    // Few rows, with b along n and, as a view, along k: whole vectors and others.
    add([5, 68], [68, 36], views: true)
    add([2, 4, 40], [2, 40, 34], views: true)
    // Few results over a long k, which is cut into slices; with and without a remainder.
    for (m, k, n) in [(9, 17000, 31), (8, 16384, 16), (64, 700, 60), (3, 1024, 5)] {
      add([m, k], [k, n], views: m == 3)
    }
    // One row: columns in runs of 128, of 16 and one by one.
    add([1, 70], [70, 300], views: true)
    add([33, 700], [700])
    add([3, 33, 17], [3, 17, 65])
    add([3, 1, 33, 17], [2, 17, 5])
    // No elements: a sum over nothing is 0.
    add([0, 3], [3, 2])
    add([2, 0], [0, 3])
    add([2, 3], [3, 0])
    add([0, 2, 3], [3, 4])
    for dtype in [DType.int32, .int64] {
      cases.append(
        OpCase(
          "matmul \(dtype)",
          [InputSpec([5, 7], dtype, .integers(-9, 9)), InputSpec([7, 3], dtype, .integers(-9, 9))],
          dtype: dtype, views: dtype == .int32, run: { $0[0].matmul($0[1]) },
          reference: { NDArray.matmul($0[0], $0[1]) }))
    }
    // The most axes that a tensor has.
    for dtype in [DType.float32, .int32, .bool] {
      let values: Values = dtype == .bool ? .bools : .integers(-9, 9)
      cases.append(
        OpCase(
          "matmul \(dtype) of eight axes",
          [
            InputSpec([2, 1, 1, 2, 1, 1, 3, 4], dtype, values),
            InputSpec([1, 3, 1, 2, 1, 4, 2], dtype, values),
          ],
          dtype: dtype, run: { $0[0].matmul($0[1]) },
          reference: {
            let product = NDArray.matmul($0[0], $0[1])
            return dtype == .bool ? product.map { $0 == 0 ? 0 : 1 } : product
          }))
    }
    cases.append(
      OpCase(
        "matmul with itself transposed", [.float([5, 3])], tolerance: .accumulated, gradient: [0],
        secondOrder: true,
        run: { $0[0].matmul($0[0].transposed()) }, reference: { NDArray.matmul($0[0], $0[0].transposed()) }))
    cases.append(
      OpCase(
        "matmul special values",
        [
          .float([2, 3], .list([1, .nan, 2, .infinity, 1, 0])), .float([3, 2], .list([1, 2, 0, 1, 3, 4])),
        ],
        run: { $0[0].matmul($0[1]) }, reference: { NDArray.matmul($0[0], $0[1]) }))
    return cases + linearCases + tf32Cases
  }()

  /// Products that may be rounded to tf32 on the way: sizes in and beyond tiles of matrix units, each way that operands lie.
  private static let tf32Cases: [OpCase] = {
    let shapes = [
      ([152, 72], [72, 136]), ([256, 40], [40, 264]), ([65, 63], [63, 67]), ([2, 1, 17, 36], [3, 36, 20]),
      ([20, 3000], [3000, 24]), ([6, 64], [64, 40]),
    ]
    var cases = shapes.map { a, b in
      OpCase(
        "matmul tf32 \(a) x \(b)", [.float(a), .float(b)], tolerance: .tf32, views: a[0] == 152 || a[0] == 65,
        run: { x in withFloat32MatmulPrecision(.high) { x[0].matmul(x[1]) } },
        reference: { NDArray.matmul($0[0], $0[1]) })
    }
    for position in [0, 1] {
      cases.append(
        OpCase(
          "matmul tf32 gradient of operand \(position)",
          [.float([2, 40, 24]), .float([24, 48]), .float([2, 40, 48])], tolerance: .tf32,
          run: { x in
            var inputs = [x[0], x[1]]
            inputs[position] = inputs[position].requiringGradient()
            let product = withFloat32MatmulPrecision(.high) { inputs[0].matmul(inputs[1]) }
            return product.gradients(of: [inputs[position]], upstream: x[2])[0]
          },
          reference: {
            position == 0
              ? NDArray.matmul($0[2], $0[1].transposed())
              : NDArray.matmul($0[0].reshaped([80, 24]).transposed(), $0[2].reshaped([80, 48]))
          }))
    }
    cases.append(
      OpCase(
        "linear tf32, relu", [.float([70, 48]), .float([72, 48]), .float([72])], tolerance: .tf32,
        run: { x in
          withFloat32MatmulPrecision(.high) { x[0].linear(weight: x[1], bias: x[2], activation: .relu) }
        },
        reference: { (NDArray.matmul($0[0], $0[1].transposed()) + $0[2]).map(Scalar.relu) }))
    return cases
  }()

  private static let linearCases: [OpCase] = {
    var cases: [OpCase] = []
    for shape in [[5, 7], [7], [2, 3, 7]] {
      cases.append(
        OpCase(
          "linear \(shape)", [.float(shape), .float([4, 7]), .float([4])], tolerance: .accumulated,
          gradient: [0, 1, 2], secondOrder: shape.count == 2, views: true,
          run: { $0[0].linear(weight: $0[1], bias: $0[2]) },
          reference: { NDArray.matmul($0[0], $0[1].transposed()) + $0[2] }))
    }
    cases.append(
      OpCase(
        "linear without bias", [.float([5, 7]), .float([4, 7])], tolerance: .accumulated, gradient: [0, 1],
        run: { $0[0].linear(weight: $0[1], bias: nil) },
        reference: { NDArray.matmul($0[0], $0[1].transposed()) }))
    cases.append(
      OpCase(
        "linear [64, 320] to 50", [.float([64, 320]), .float([50, 320]), .float([50])],
        tolerance: .accumulated,
        run: { $0[0].linear(weight: $0[1], bias: $0[2]) },
        reference: { NDArray.matmul($0[0], $0[1].transposed()) + $0[2] }))
    // Few rows by many columns: panels that are whole, narrow, and filled up.
    for (m, k, n) in [(2, 400, 401), (17, 70, 300), (33, 64, 200), (50, 300, 203), (96, 40, 390)] {
      cases.append(
        OpCase(
          "linear [\(m), \(k)] to \(n), relu", [.float([m, k]), .float([n, k]), .float([n])],
          tolerance: .accumulated, views: m == 50,
          run: { $0[0].linear(weight: $0[1], bias: $0[2], activation: .relu) },
          reference: { (NDArray.matmul($0[0], $0[1].transposed()) + $0[2]).map(Scalar.relu) }))
    }
    cases.append(
      OpCase(
        "linear [7, 9000] to 11, relu", [.float([7, 9000]), .float([11, 9000]), .float([11])],
        tolerance: .accumulated,
        run: { $0[0].linear(weight: $0[1], bias: $0[2], activation: .relu) },
        reference: { (NDArray.matmul($0[0], $0[1].transposed()) + $0[2]).map(Scalar.relu) }))
    cases.append(
      OpCase(
        "linear [1, 70] to 300 by a transposed weight, relu",
        [.float([1, 70]), .float([70, 300]), .float([300])],
        tolerance: .accumulated, views: true,
        run: { $0[0].linear(weight: $0[1].transposed(), bias: $0[2], activation: .relu) },
        reference: { (NDArray.matmul($0[0], $0[1]) + $0[2]).map(Scalar.relu) }))
    cases.append(
      OpCase(
        "linear then relu", [.float([6, 5]), .float([3, 5]), .float([3])], tolerance: .accumulated,
        gradient: [0, 1, 2],
        run: { $0[0].linear(weight: $0[1], bias: $0[2], activation: .relu) },
        reference: { (NDArray.matmul($0[0], $0[1].transposed()) + $0[2]).map(Scalar.relu) }))
    return cases
  }()
}
