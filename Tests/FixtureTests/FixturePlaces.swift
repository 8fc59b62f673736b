import Lathe

/// Assignment, scattering, searching, counting and rearranging, by PyTorch's names.
let placeOperations: [String: FixtureOperation] = [
  "assign": { x, p in
    let keys = try p.lists("key").map { key in
      key.count == 1 ? TensorSlice.element(key[0]) : .slice(key[0], key[1], key[2])
    }
    return [x[0].assigned(x[1], at: keys[0], keys[1])]
  },
  "scatter": { x, p in [x[0].scatter(axis: try p.int("axis"), indices: x[1], source: x[2])] },
  "scatter_value": { x, p in
    [x[0].scatter(axis: try p.int("axis"), indices: x[1], value: Float(try p.number("value")))]
  },
  "scatter_reduce": { x, p in
    let reductions: [String: ScatterReduction] = [
      "sum": .sum, "prod": .prod, "mean": .mean, "amax": .amax, "amin": .amin,
    ]
    return [
      x[0].scatterReduce(
        axis: try p.int("axis"), indices: x[1], source: x[2],
        reduction: try p.choice("reduction", reductions),
        includeSelf: try p.bool("own"))
    ]
  },
  "index_add": { x, p in
    [
      x[0].indexAdd(
        axis: try p.int("axis"), indices: x[1], source: x[2], scale: Float(try p.number("scale")))
    ]
  },
  "index": { x, p in [x[0].indexed(try p.places(Array(x[1...])))] },
  "index_put": { x, p in
    [x[0].indexPut(try p.places(Array(x[2...])), x[1], accumulate: try p.bool("accumulate"))]
  },
  "nonzero": { x, _ in [x[0].nonzero()] },
  "unique": { x, _ in
    let result = x[0].unique()
    return [result.values, result.inverse, result.counts]
  },
  "searchsorted": { x, p in [x[0].searchSorted(x[1], right: try p.bool("right"))] },
  "bincount": { x, p in
    [x[0].bincount(weights: x.count > 1 ? x[1] : nil, minimumLength: try p.int("least"))]
  },
  "histogram": { x, p in
    let range =
      p.parameters["low"] == nil ? nil : Float(try p.number("low"))...Float(try p.number("high"))
    let result = x[0].histogram(
      bins: try p.int("bins"), range: range, weights: x.count > 1 ? x[1] : nil,
      density: try p.bool("density"))
    return [result.counts, result.edges]
  },
  "histogram_edges": { x, _ in [x[0].histogram(edges: x[1])] },
  "roll": { x, p in [x[0].rolled(try p.list("shifts"), axes: try p.list("axes"))] },
  "roll_flat": { x, p in [x[0].rolled(try p.int("shift"))] },
  "repeat_interleave": { x, p in
    [x[0].repeatInterleave(try p.int("count"), axis: try p.int("axis"))]
  },
  "repeat_interleave_flat": { x, p in [x[0].repeatInterleave(try p.int("count"))] },
  "repeat_interleave_counts": { x, p in [x[0].repeatInterleave(x[1], axis: try p.int("axis"))] },
  "diff": { x, p in [x[0].diff(order: try p.int("order"), axis: try p.int("axis"))] },
  "diagonal": { x, p in
    [x[0].diagonal(offset: try p.int("offset"), axis1: try p.int("axis1"), axis2: try p.int("axis2"))]
  },
  "cumprod": { x, p in [x[0].cumulativeProduct(axis: try p.int("axis"))] },
  "cummax": { x, p in
    let result = x[0].cumulativeMax(axis: try p.int("axis"))
    return [result.values, result.indices]
  },
  "cummin": { x, p in
    let result = x[0].cumulativeMin(axis: try p.int("axis"))
    return [result.values, result.indices]
  },
]

extension Fixture {
  /// Indices at the axes that they stand for, nil between them.
  fileprivate func places(_ indices: [Tensor]) throws -> [Tensor?] {
    let axes = try list("axes")
    var result = [Tensor?](repeating: nil, count: (axes.last ?? 0) + 1)
    for (axis, index) in zip(axes, indices) { result[axis] = index }
    return result
  }
}
