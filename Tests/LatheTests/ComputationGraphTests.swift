import Lathe
import TestSupport
import Testing

extension AllTests {
  /// The recorded graphs of functions.
  @Suite("Computation graphs", .serialized)
  struct ComputationGraphs {
    /// The cases whose result's shape or bins values decide about.
    private static let decidedByValues = [
      "nonzero", "unique", "bincount", "histogram", "repeatInterleave counts", "indexed by a mask",
    ]

    /// Every case of the operation suite, recorded with some numbers and run with others.
    @Test(arguments: OpCase.all(.value, profile: nil).filter { $0.inputCount < 5000 })
    func recordedCasesRunAgain(_ opCase: OpCase) throws {
      let other = opCase.inputs.enumerated().map { index, spec in
        spec.array(seed: "\(opCase.name)/recorded\(index)").tensor(spec.dtype, on: .cpu)
      }
      let isDecidedByValues = Self.decidedByValues.contains { opCase.name.hasPrefix($0) }
      let graph: ComputationGraph
      do {
        graph = try ComputationGraph.recording(other) { [opCase.run($0)] }.graph
      } catch {
        // What a graph cannot hold is said, never kept as it was for these numbers.
        let isExpected = isDecidedByValues && (error as? LatheError)?.kind == .unsupported
        #expect(isExpected, "\(error)")
        return
      }
      let arrays = opCase.arrays()
      let found = graph(zip(arrays, opCase.inputs).map { $0.tensor($1.dtype, on: .cpu) })
      expectEqual(found[0], opCase.reference(arrays), opCase.dtype, opCase.tolerance)
    }

    @Test("What values decide about is refused, by an error of the recording")
    func refusesWhatValuesDecide() throws {
      let functions: [(String, (Tensor) -> Tensor)] = [
        ("nonzero", { $0.nonzero() }), ("unique", { $0.unique().values }), ("bincount", { $0.bincount() }),
        ("histogram", { $0.histogram(bins: 3).counts }), ("repeatInterleave", { $0.repeatInterleave($0) }),
      ]
      let numbers = Tensor([1, 2, 0] as [Int32], device: .cpu)
      for (name, body) in functions {
        let error = try #require(throws: LatheError.self) {
          try ComputationGraph.recording([numbers]) { [body($0[0] + 1).sum()] }
        }
        #expect(error.kind == .unsupported && error.message.contains(name), "\(error)")
        // Numbers from outside are constants of the graph.
        let graph = try ComputationGraph.recording([numbers]) { [$0[0].sum() + body(numbers).sum()] }.graph
        let found = try graph([numbers])[0].item(as: Int.self)
        #expect(try found == 3 + body(numbers).sum().item(as: Int.self), "\(name)")
      }
    }

    @Test(arguments: TestDevice.all)
    func aNetworkRunsAgainToTheBit(_ device: Device) throws {
      let generator = Generator(seed: 3)
      func normal(_ shape: Shape) -> Tensor { Tensor.normal(shape, generator: generator, device: device) }
      let filter = normal([4, 2, 3, 3]).requiringGradient()
      let weight = normal([5, 4 * 6 * 6]).requiringGradient()
      let other = normal([3, 2, 8, 8])
      func network(_ inputs: [Tensor]) -> [Tensor] {
        let features = inputs[0].conv2D(filter).relu().flattened(from: 1)
        let logits = features.linear(weight: weight).layerNorm()
        return [logits.softmax(), logits.argmax(axis: 1), (logits * 2 - 1).mean()]
      }
      for precision in Precision.allCases {
        let (graph, outputs) = try withPrecision(precision) {
          try ComputationGraph.recording([normal([3, 2, 8, 8])], network)
        }
        #expect(outputs[0].requiresGradient)
        let found = graph([other])
        let expected = withPrecision(precision) { network([other]) }
        for (found, expected) in zip(found, expected) {
          #expect(try found.bytes() == expected.bytes(), "\(precision)")
        }
      }
    }

    private let weight = NDArray([3, 2], [1, 2, 3, 4, 5, 6]).tensor(.float32, on: .cpu).requiringGradient()

    private func example() throws -> ComputationGraph {
      let table = Tensor([10, 20, 30] as [Float], device: .cpu)
      return try ComputationGraph.recording(
        [Tensor.ones([4, 2], device: .cpu)], naming: ["layer.weight": weight]
      ) { inputs in
        _ = inputs[0].exp()
        return [(inputs[0].linear(weight: weight) * 2 + table).transposed().sum(axis: 0)]
      }.graph
    }

    @Test func whatAGraphHolds() throws {
      let graph = try example()
      #expect(graph.nodes.map(\.name) == ["permuted", "matmul", "multiply", "add", "permuted", "sum"])
      #expect(graph.values.filter { $0.role == .input }.map(\.spec) == [TensorSpec([4, 2])])
      let parameter = graph.values.first { $0.role == .parameter }
      #expect(parameter?.name == "layer.weight")
      #expect(try parameter?.tensor?.scalars(as: Float.self) == [1, 2, 3, 4, 5, 6])
      #expect(graph.values.filter { $0.role == .constant }.map(\.spec) == [TensorSpec([3])])
      let product = graph.nodes[1]
      #expect(product["m"] == .int(4) && product["n"] == .int(3) && product["k"] == .int(2))
      #expect(product["hasBias"] == .bool(false))
      #expect(graph.nodes[0]["axes"] == .ints([1, 0]))
      #expect(graph.nodes[5]["axes"] == .ints([0]))
      #expect(graph.values[graph.outputs[0]].spec == TensorSpec([4]))
      if case .number(let number) = graph.nodes[2].inputs[1] {
        #expect(number.floatValue == 2)
      } else {
        Issue.record("the factor is no number")
      }
    }

    @Test func asText() throws {
      let text = try example().description
      #expect(text.contains("= matmul(") && text.contains("m=4") && text.contains("layer.weight"), "\(text)")
    }

    @Test func asAPicture() throws {
      let dot = try example().dot
      #expect(dot.hasPrefix("digraph {\n") && dot.hasSuffix("}\n"))
      #expect(dot.contains("label=\"layer.weight\\nfloat32 [3, 2]\", shape=note"), "\(dot)")
      #expect(dot.contains("n1 [label=\"matmul\\n"))
      #expect(dot.contains("n0 -> n1 [label=\"float32 [2, 3]\"];"))
    }

    @Test func customOperationsAreNodes() throws {
      let operation = CustomOperation(
        "twice", results: { $0 },
        cpu: { inputs, outputs in
          for (i, x) in inputs[0].elements(as: Float.self).enumerated() {
            outputs[0].elements(as: Float.self)[i] = 2 * x
          }
        })
      let graph = try ComputationGraph.recording([Tensor.ones([2], device: .cpu)]) { [operation($0[0] + 1)] }
        .graph
      #expect(graph.nodes.map(\.name) == ["add", "twice"])
      expectEqual(graph([Tensor([3, 4] as [Float], device: .cpu)])[0], NDArray([2], [8, 10]))
    }

    @Test func aCapturedInputIsAConstant() throws {
      let x = Tensor([1, 2] as [Float], device: .cpu)
      let graph = try ComputationGraph.recording([x, x]) { [$0[0] * 10 + $0[1] + x] }.graph
      let found = graph([
        Tensor([3, 4] as [Float], device: .cpu), Tensor([5, 6] as [Float], device: .cpu),
      ])
      expectEqual(found[0], NDArray([2], [36, 48]))
    }

    @Test func anArgumentOfAnotherShapeStops() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        MistakePlace.hide()
        let graph = try ComputationGraph.recording([Tensor.ones([2], device: .cpu)]) { [$0[0] * 2] }.graph
        _ = graph([Tensor.ones([3], device: .cpu)])
      }
      expectMessage(result, "an argument of float32 [3] for an input of float32 [2]")
    }
  }
}
