import Lathe
import TestSupport
import Testing

extension AllTests {
  /// Operations on as many axes as a tensor can have: the same as on fewer, whose first axes are one.
  @Suite("RankEight", .serialized)
  struct RankEight {
    private typealias Function = @Sendable (Tensor) -> Tensor

    private static let many: Shape = [2, 2, 1, 1, 2, 3, 2, 2]
    private static let few: Shape = [4, 2, 3, 2, 2]

    private static let functions: [(name: String, function: Function)] = [
      ("sum", { $0.sum(axes: [-1]) }),
      ("sum of two axes", { $0.sum(axes: [-4, -2]) }),
      ("mean", { $0.mean(axes: [-3], keepDims: true) }),
      ("max", { $0.max(axes: [-2]) }),
      ("prod", { $0.prod(axes: [-2]) }),
      ("variance", { $0.variance(axes: [-1, -2]) }),
      ("logSumExp", { $0.logSumExp(axes: [-2]) }),
      ("cumulativeSum", { $0.cumulativeSum(axis: -3) }),
      ("softmax", { $0.softmax(axis: -2) }),
      ("logSoftmax", { $0.logSoftmax(axis: -1) }),
      ("layerNorm", { $0.layerNorm() }),
      ("sorted", { $0.sorted(axis: -2).values }),
      ("topK", { $0.topK(2, axis: -3).values }),
      ("flipped", { $0.flipped([-1, -3]) }),
      ("sliced", { $0.sliced(axis: -3, from: 1, step: 2) }),
      ("tril", { $0.tril() }),
      ("transposed", { $0.transposed(-1, -3).contiguous() }),
      ("tiled", { $0.tiled([Int](repeating: 1, count: $0.rank - 3) + [2, 1, 3]) }),
      ("padded", { $0.padded([(Int, Int)](repeating: (0, 0), count: $0.rank - 2) + [(1, 0), (0, 2)]) }),
      ("concatenated", { Tensor.concatenate([$0, $0 * 2], axis: -2) }),
      ("split", { $0.split(count: 3, axis: -3)[1] }),
      (
        "indexSelected",
        { $0.indexSelected(axis: -3, indices: Tensor([2, 0] as [Int32], device: $0.device)) }
      ),
      ("matmul", { $0.matmul($0.transposed(-1, -2)) }),
      (
        "linear",
        { $0.linear(weight: Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [3, 2], device: $0.device)) }
      ),
    ]

    @Test(arguments: TestDevice.all)
    func valuesAndGradients(_ device: Device) throws {
      let values = (0..<RankEight.many.elementCount).map { Float(($0 * 37) % 97) / 50 - 0.9 }
      for (name, function) in RankEight.functions {
        var results: [[Float]] = []
        var shapes: [[Int]] = []
        var gradients: [[Float]] = []
        for shape in [RankEight.many, RankEight.few] {
          let x = Tensor(values, shape: shape, device: device).requiringGradient()
          let y = function(x)
          results.append(try y.scalars(as: Float.self))
          shapes.append(y.shape.map { $0 })
          gradients.append(try (y * y).sum().gradient(of: x).scalars(as: Float.self))
        }
        #expect(results[0] == results[1], "\(name)")
        #expect(gradients[0] == gradients[1], "gradient of \(name)")
        #expect(Array(shapes[0].dropFirst(4)) == Array(shapes[1].dropFirst(1)), "\(name): \(shapes)")
      }
    }

    @Test(arguments: TestDevice.all, [DType.int32, .int64, .uint8, .bool])
    func wholeNumbers(_ device: Device, _ dtype: DType) throws {
      let values = (0..<RankEight.many.elementCount).map { Int32(($0 * 37) % 5) }
      var results: [[[Int]]] = [[], []]
      for (i, shape) in [RankEight.many, RankEight.few].enumerated() {
        let x = Tensor(values, shape: shape, device: device).cast(to: dtype)
        for y in [
          x.matmul(x.transposed(-1, -2)), x.sum(axes: [-3]), x.cumulativeSum(axis: -2), x.argmax(axis: -3),
          x.sorted(axis: -3).indices, x.tiled([Int](repeating: 1, count: x.rank - 1) + [2]),
        ] {
          results[i].append(try y.scalars(as: Int.self))
        }
      }
      #expect(results[0] == results[1])
    }

    @Test(arguments: TestDevice.all)
    func indices(_ device: Device) throws {
      let values = (0..<RankEight.many.elementCount).map { Float($0) }
      var results: [[[Float]]] = [[], []]
      for (i, shape) in [RankEight.many, RankEight.few].enumerated() {
        let x = Tensor(values, shape: shape, device: device)
        let places = Tensor(values.map { Int32($0) % 3 }, shape: shape, device: device)
        results[i].append(try x.gather(axis: -3, indices: places).scalars(as: Float.self))
        results[i].append(try x.scatterAdd(axis: -3, indices: places, source: x).scalars(as: Float.self))
        results[i].append(try Tensor.where(x .> 20, x, -x).scalars(as: Float.self))
      }
      #expect(results[0] == results[1])
    }
  }
}
