import Lathe

extension OpCase {
  /// Whole-number types that are only stored in operations that have kernels of their own.
  static let narrowListCases: [OpCase] =
    lists(Int8.self, .int8) + lists(UInt32.self, .uint32)
    // The kernels of the others are those of int8, but for these.
    + lists(Int16.self, .int16).prefix(7) + lists(UInt16.self, .uint16).prefix(7)

  private static func lists<T: FixedWidthInteger & Sendable>(_ type: T.Type, _ dtype: DType) -> [OpCase] {
    let ends: Values = .list(NarrowNumbers.samples(type))
    let rows = InputSpec([5, 13], dtype, ends)
    let joins: [(ScatterReduction, @Sendable ([Double]) -> Double)] = [
      (.prod, { Double($0.map { T($0) }.reduce(1) { $0 &* $1 }) }),
      (.amin, { $0.reduce(.infinity, Swift.min) }),
    ]
    return [
      OpCase(
        "sorted \(dtype)", [rows], dtype: dtype, run: { $0[0].sorted(descending: true).values },
        reference: { $0[0].sorted(descending: true) }),
      OpCase(
        "sorted long \(dtype)", [InputSpec([2, 150], dtype, .integers(Int(T.min), Int(T.max)))],
        dtype: dtype, run: { $0[0].sorted().values }, reference: { $0[0].sorted() }),
      OpCase(
        "topK \(dtype)", [InputSpec([2, 37], dtype, ends)], dtype: .int32,
        run: { $0[0].topK(6, largest: false).indices }, reference: { $0[0].topKIndices(6, largest: false) }),
      OpCase(
        "argmax \(dtype)", [rows], dtype: .int32, run: { $0[0].argmax(axis: 0) },
        reference: { $0[0].argmax(0) }),
      OpCase(
        "scatter ends \(dtype)",
        [rows, .index([4, 13], .integers(-5, 4)), InputSpec([4, 13], dtype, ends)],
        dtype: dtype, views: dtype == .int16,
        run: { $0[0].scatter(axis: 0, indices: $0[1], source: $0[2]) },
        reference: { $0[0].scatter(0, $0[1], $0[2]) }),
      OpCase(
        "sum \(dtype)", [rows], dtype: .int64, views: dtype == .uint16, run: { ($0[0] + 1).sum(axis: 0) },
        reference: { NarrowNumbers.incremented($0[0], dtype).sum([0]) }),
      OpCase(
        "max \(dtype)", [rows], dtype: dtype, run: { ($0[0] + 1).max(axis: 1) },
        reference: { NarrowNumbers.incremented($0[0], dtype).max([1]) }),
      OpCase(
        "matmul \(dtype)", [InputSpec([5, 13], dtype, ends), InputSpec([13, 3], dtype, .integers(0, 9))],
        dtype: dtype, run: { $0[0].matmul($0[1]) },
        reference: { NDArray.matmul($0[0], $0[1]).map { Double(T(truncatingIfNeeded: Int64($0))) } }),
      OpCase(
        "unique inverse \(dtype)", [rows], dtype: .int32, run: { $0[0].unique().inverse },
        reference: { x in
          let values = Set(x[0].values).sorted()
          return x[0].map { Double(values.firstIndex(of: $0) ?? -1) }
        }),
      OpCase(
        "cumulativeMax \(dtype)", [rows], dtype: dtype, run: { $0[0].cumulativeMax(axis: 1).values },
        reference: { $0[0].cumulative(1) { $0.reduce(-.infinity, Swift.max) } }),
      OpCase(
        "gather by its own type \(dtype)", [rows, InputSpec([2, 13], dtype, .integers(0, 4))], dtype: dtype,
        run: { $0[0].gather(axis: 0, indices: $0[1]) }, reference: { $0[0].gather(0, $0[1]) }),
      OpCase(
        "scatterAdd \(dtype)", [rows, .index([4, 13], .integers(0, 4)), InputSpec([4, 13], dtype, ends)],
        dtype: dtype, run: { $0[0].scatterAdd(axis: 0, indices: $0[1], source: $0[2]) },
        reference: { $0[0].scatterAdd(0, $0[1], $0[2]).map { Double(T(truncatingIfNeeded: Int64($0))) } }),
    ]
      + joins.map { reduction, join in
        OpCase(
          "scatterReduce \(reduction) \(dtype)",
          [
            InputSpec([7], dtype, ends), .index([9], .integers(0, 6)), InputSpec([9], dtype, ends),
          ], dtype: dtype,
          run: { $0[0].scatterReduce(axis: 0, indices: $0[1], source: $0[2], reduction: reduction) },
          reference: { $0[0].scatterReduce(0, $0[1], $0[2], includeSelf: true, join) })
      }
      + [
        OpCase(
          "concatenate \(dtype)", [rows, InputSpec([2, 13], dtype, ends)], dtype: dtype,
          run: { Tensor.concatenate([$0[0], $0[1]]).flipped([0]) },
          reference: { NDArray.concatenate([$0[0], $0[1]]).flipped([0]) })
      ] + reductions(rows)
  }

  /// Reductions; what is reduced is computed on the way, and wraps around before it is.
  private static func reductions(_ rows: InputSpec) -> [OpCase] {
    let dtype = rows.dtype
    return [
      OpCase(
        "min \(dtype)", [rows], dtype: dtype, run: { $0[0].min(axis: 0) }, reference: { $0[0].min([0]) }),
      OpCase(
        "prod \(dtype)", [InputSpec([3, 5], dtype, .integers(0, 100))], dtype: .int64,
        run: { $0[0].prod(axis: 1) }, reference: { $0[0].prod([1]) }),
      OpCase(
        "any \(dtype)", [rows], dtype: .bool, run: { ($0[0] + 1).any(axis: 1) },
        reference: { x in NarrowNumbers.incremented(x[0], dtype).map { $0 == 0 ? 0 : 1 }.max([1]) }),
      OpCase(
        "mean \(dtype)", [InputSpec([5, 13], dtype, .integers(0, 100))], tolerance: .accumulated,
        run: { $0[0].mean(axis: 1) }, reference: { $0[0].mean([1]) }),
      OpCase(
        "cumulativeSum \(dtype)", [rows], dtype: .int64, run: { $0[0].cumulativeSum(axis: 1) },
        reference: { $0[0].cumulativeSum(1) }),
    ]
  }
}
