import Lathe

/// One form of attention in the suite.
private struct AttentionForm {
  /// Sequences, heads, key heads, queries, keys, elements of a query and of a value.
  var n = 2, heads = 2, keyHeads = 2, t: Int, m: Int, d: Int, e: Int
  /// The shape of a mask and its values.
  var mask: ([Int], Values)?
  var isCausal = false
  var scale: Float?
  /// The shape of what is added to the scores.
  var bias: [Int]?

  var name: String {
    let heads = heads == keyHeads ? "\(heads)" : "\(heads)/\(keyHeads)"
    return "attention \(n) x \(heads) x \(t) of \(m), d \(d), e \(e)" + (isCausal ? ", causal" : "")
      + (mask.map { ", mask \($0.0)" } ?? "") + (scale.map { ", scale \($0)" } ?? "")
      + (bias.map { ", bias \($0)" } ?? "")
  }

  var inputs: [InputSpec] {
    [.float([n, heads, t, d]), .float([n, keyHeads, m, d]), .float([n, keyHeads, m, e])]
      + (mask.map { [InputSpec($0.0, .bool, $0.1)] } ?? []) + (bias.map { [.float($0)] } ?? [])
  }

  func run(_ x: [Tensor]) -> Tensor {
    x[0].attention(
      keys: x[1], values: x[2], mask: mask.map { _ in x[3] }, isCausal: isCausal,
      bias: bias.map { _ in x[x.count - 1] }, scale: scale)
  }

  func reference(_ x: [NDArray]) -> AttentionReference {
    AttentionReference(
      x[0], x[1], x[2], mask: mask.map { _ in x[3] }, isCausal: isCausal, scale: scale.map(Double.init),
      bias: bias.map { _ in x[x.count - 1] })
  }

  /// The result and its gradients by differences.
  func small(secondOrder: Bool = false, views: Bool = false) -> OpCase {
    OpCase(
      name, inputs, tolerance: .accumulated,
      gradient: [0, 1, 2] + (bias == nil ? [] : [inputs.count - 1]), secondOrder: secondOrder, views: views,
      run: { run($0) }, reference: { reference($0).output })
  }

  /// The result, and its gradients against their formula: too many elements for differences.
  func large(views: Bool = false) -> [OpCase] {
    [
      OpCase(
        name, inputs, tolerance: .accumulated, views: views, run: { run($0) },
        reference: { reference($0).output }),
      OpCase(
        "gradients of \(name)", inputs + [.float([n, heads, t, e])], tolerance: .accumulated, views: views,
        run: { x in
          let tracked = x.prefix(3).map { $0.requiringGradient() }
          let upstream = x[x.count - 1]
          return Tensor.concatenate(
            run(tracked + x.dropFirst(3)).gradients(of: tracked, upstream: upstream).map { $0.flattened() })
        },
        reference: { x in
          let found = reference(x).gradients(upstream: x[x.count - 1]).flatMap(\.values)
          return NDArray([found.count], found)
        }),
    ]
  }
}

extension OpCase {
  static let attentionCases: [OpCase] = {
    // The second sequence of a padding mask is short at the front: with order, its first query sees nothing.
    let padding = Values.list([1, 1, 1, 0, 0, 0, 1, 1])
    let small = [
      AttentionForm(t: 3, m: 5, d: 5, e: 3).small(secondOrder: true, views: true),
      AttentionForm(t: 4, m: 4, d: 5, e: 3, isCausal: true, scale: 0.7).small(views: true),
      AttentionForm(n: 1, heads: 4, t: 3, m: 4, d: 5, e: 3, isCausal: true).small(),
      // The first two queries see nothing.
      AttentionForm(n: 1, t: 5, m: 3, d: 5, e: 3, isCausal: true).small(),
      AttentionForm(heads: 4, t: 3, m: 4, d: 5, e: 3, mask: ([2, 1, 1, 4], padding)).small(views: true),
      AttentionForm(t: 4, m: 4, d: 5, e: 3, mask: ([2, 1, 1, 4], padding), isCausal: true)
        .small(secondOrder: true),
      // The second query sees nothing.
      AttentionForm(
        n: 1, t: 3, m: 4, d: 5, e: 3, mask: ([3, 4], .list([1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1]))
      )
      .small(views: true),
      AttentionForm(heads: 4, t: 3, m: 4, d: 5, e: 3, bias: [4, 3, 4]).small(secondOrder: true, views: true),
      AttentionForm(
        t: 3, m: 4, d: 5, e: 3, mask: ([2, 1, 1, 4], padding), isCausal: true, scale: 0.7, bias: [2, 1, 1, 4]
      ).small(),
    ]
    // Around blocks of 32, 60 and 64 rows, tiles of 6 and whole vectors.
    let large = [
      AttentionForm(t: 65, m: 130, d: 64, e: 64, isCausal: true).large(views: true),
      AttentionForm(heads: 4, t: 33, m: 93, d: 24, e: 24, mask: ([2, 1, 1, 93], .bools)).large(),
      AttentionForm(heads: 3, keyHeads: 1, t: 64, m: 64, d: 80, e: 80, isCausal: true).large(),
      AttentionForm(n: 1, t: 31, m: 61, d: 64, e: 64, mask: ([31, 61], .bools)).large(),
      // Long enough to be cut into chunks of keys.
      AttentionForm(n: 1, heads: 2, keyHeads: 1, t: 70, m: 1100, d: 64, e: 64).large(),
      AttentionForm(n: 1, t: 150, m: 70, d: 64, e: 64, isCausal: true).large(),
      // As wide as heads may be.
      AttentionForm(n: 1, heads: 1, keyHeads: 1, t: 5, m: 70, d: 256, e: 192, isCausal: true).large(),
      AttentionForm(n: 1, heads: 1, keyHeads: 1, t: 1, m: 1, d: 1, e: 1).large(),
      AttentionForm(heads: 6, keyHeads: 2, t: 1, m: 67, d: 24, e: 16, isCausal: true).large(),
      AttentionForm(heads: 6, keyHeads: 2, t: 1, m: 70, d: 16, e: 24, mask: ([2, 6, 1, 70], .bools)).large(),
    ].flatMap { $0 }
    return small + large + otherAttentionCases
  }()

  private static let otherAttentionCases: [OpCase] =
    [
      OpCase(
        "attention of heads split out of rows", [.float([2, 7, 3, 16])], tolerance: .accumulated,
        gradient: [0],
        run: { x in
          let parts = (0..<3).map {
            x[0].select(axis: 2, index: $0).reshaped(to: [2, 7, 2, 8]).transposed(1, 2)
          }
          return parts[0].attention(keys: parts[1], values: parts[2], isCausal: true)
            .transposed(1, 2).reshaped(to: [2, 7, 16])
        },
        reference: { x in
          let parts = (0..<3).map { x[0].selected(2, $0).reshaped([2, 7, 2, 8]).permuted([0, 2, 1, 3]) }
          return AttentionReference(parts[0], parts[1], parts[2], isCausal: true).output
            .permuted([0, 2, 1, 3]).reshaped([2, 7, 16])
        }),
      OpCase(
        "attention of large scores",
        [
          .float([1, 1, 5, 4], .uniform(-60, 60)), .float([1, 1, 9, 4], .uniform(-60, 60)),
          .float([1, 1, 9, 3]),
        ],
        tolerance: Tolerance(1e-3, floor: nil), run: { $0[0].attention(keys: $0[1], values: $0[2]) },
        reference: {
          let scores = NDArray.matmul($0[0], $0[1].permuted([0, 1, 3, 2])).map { $0 / 2 }
          return NDArray.matmul(scores.softmax(), $0[2])
        }),
      OpCase(
        "attention of nothing", [.float([2, 2, 0, 4]), .float([2, 2, 3, 4]), .float([2, 2, 3, 5])],
        run: { $0[0].attention(keys: $0[1], values: $0[2]) },
        reference: { AttentionReference($0[0], $0[1], $0[2]).output }),
    ]
    + [DType.float16, .bfloat16].map { dtype in
      OpCase(
        "attention \(dtype)",
        [[2, 2, 9, 8], [2, 2, 7, 8], [2, 2, 7, 8]].map { InputSpec($0, dtype, .uniform(-2, 2)) },
        dtype: dtype,
        tolerance: .accumulated, run: { $0[0].attention(keys: $0[1], values: $0[2], isCausal: true) },
        reference: { AttentionReference($0[0], $0[1], $0[2], isCausal: true).output })
    }
}
