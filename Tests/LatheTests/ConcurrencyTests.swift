import Dispatch
import Lathe
import TestSupport
import Testing

extension AllTests {
  /// Several threads at once, and tasks that must not wait.
  @Suite("Concurrency", .serialized)
  struct Concurrency {
    @Test(arguments: TestDevice.all)
    func aModelInEvaluation(_ device: Device) throws {
      let generator = Generator(seed: 4)
      // Deferred weights: the first thread that comes computes them, the others wait for it.
      let first = Tensor.normal([32, 16], generator: generator, device: device) * 0.25
      let second = (Tensor.normal([8, 32], generator: generator, device: device) + 0.5).transposed()
      @Sendable func network(_ x: Tensor) -> Tensor {
        let hidden = x.linear(weight: first).relu() * 2 - 1
        let scores = hidden.matmul(second)
        return Tensor.concatenate([scores.softmax(), scores.sum(axis: 1, keepDims: true) * 0.5], axis: 1)
      }
      let inputs = (0..<6).map {
        Tensor.uniform([$0 + 3, 16], generator: Generator(seed: UInt64($0)), device: device)
      }
      let found = onThreads(6) { i in
        (0..<10).map { _ in noGradient { try? network(inputs[i]).bytes() } }
      }
      for i in 0..<6 {
        let expected = try network(inputs[i]).bytes()
        #expect(found[i].allSatisfy { $0 == expected }, "thread \(i)")
      }
    }

    @Test(arguments: TestDevice.all)
    func oneChainReadByAll(_ device: Device) throws {
      for round in 0..<20 {
        let x = Tensor.full([1000], Float(round), device: device) + Tensor.arange(1000, device: device)
        // Each thread reads another part of one pending graph, in which parts are shared.
        let base = x * 2
        let parts = [base + 1, base * base, (base - 3).reshaped(to: [10, 100]).transposed() * 2, base.abs()]
        let found = onThreads(8) { i in try? parts[i % 4].sum().item() }
        let values = (0..<1000).map { Double($0 + round) * 2 }
        let expected = [
          values.reduce(0) { $0 + $1 + 1 }, values.reduce(0) { $0 + $1 * $1 },
          values.reduce(0) { $0 + ($1 - 3) * 2 }, values.reduce(0, +),
        ]
        for i in 0..<8 {
          let sum = try #require(found[i])
          #expect(abs(Double(sum) - expected[i % 4]) <= 1e-5 * expected[i % 4], "part \(i % 4)")
        }
      }
    }

    @Test func noLockIsHeldWhileTheCPUWorks() {
      // Two loops that each wait until the other runs, too.
      let arrivals = [DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)]
      let results = onThreads(2) { i in
        let meeting = CustomOperation(
          "meeting", results: { $0 },
          cpu: { _, outputs in
            arrivals[i].signal()
            let met = arrivals[1 - i].wait(timeout: .now() + 20) == .success
            outputs[0].elements(as: Float.self)[0] = met ? 1 : 0
          })
        return try? meeting(Tensor([0] as [Float], device: .cpu)).item()
      }
      #expect(results == [1, 1])
    }

    @Test(arguments: TestDevice.all)
    func errorsReachWhoMadeThem(_ device: Device) {
      let table = Tensor.arange(10, dtype: .float32, device: device)
      let found = onThreads(8) { i -> [Bool] in
        (0..<10).map { round in
          let isBad = (i + round) % 2 == 0
          let index = Tensor([Int32(1), isBad ? 10 : 3], device: device)
          let result = (table.gather(axis: 0, indices: index) * 2).sum()
          do {
            let value = try result.item()
            return !isBad && value == 8
          } catch let error as LatheError {
            return isBad && error.kind == .indexOutOfRange
          } catch {
            return false
          }
        }
      }
      #expect(found.allSatisfy { $0.allSatisfy { $0 } }, "\(found)")
    }

    @Test(arguments: TestDevice.all)
    func tasksReadWithoutWaiting(_ device: Device) async throws {
      let x = Tensor.arange(100, dtype: .float32, device: device)
      // More reads at once than there are threads for tasks, or threads that wait for them.
      let sums = try await withThrowingTaskGroup(of: (Int, Float).self) { group in
        for i in 0..<200 {
          group.addTask { (i, try await (x + Float(i)).sum().item()) }
        }
        return try await group.reduce(into: [Int: Float]()) { $0[$1.0] = $1.1 }
      }
      for i in 0..<200 { #expect(sums[i] == Float(4950 + 100 * i)) }
      #expect(try await (x[..<3] * 2).scalars(as: Int.self) == [0, 2, 4])
      #expect(try await x[1..<2].bytes() == [0, 0, 0x80, 0x3f])
    }

    @Test func tasksGetErrors() async {
      let index = Tensor([Int32(5)], device: .cpu)
      let result = Tensor.ones([3], device: .cpu).gather(axis: 0, indices: index)
      await #expect(throws: LatheError.self) { try await result.item() }
    }
  }
}
