import LatheML
import TestSupport
import Testing

/// One model used by several threads at once in evaluation: each gets the bits that it gets alone.
@Suite("Models of several threads", .serialized) struct SharedModelTests {
  private static let devices: [Device] = [.cpu] + TestDevice.openCL("cpu").prefix(1)
  private static let threads = 4

  /// Networks with everything that they keep between two calls: statistics, tables, packed weights, caches.
  enum Network: CaseIterable {
    case residual, rotary, recurrent, cached, generating

    /// A new model in evaluation, as what a thread with a number computes by it.
    fileprivate func make(_ device: Device) -> @Sendable (Int) -> [Tensor] {
      let generator = Generator(seed: 3)
      @Sendable func input(_ thread: Int, _ shape: Shape) -> Tensor {
        Tensor.normal(shape, generator: Generator(seed: UInt64(thread)), device: device)
      }
      // Lengths beyond those of the tables that positions begin with: threads make larger ones meanwhile.
      @Sendable func length(_ thread: Int) -> Int { [9, 70, 130, 33][thread] }
      switch self {
      case .residual:
        var sizes = ModelInput()
        sizes.channels = 3
        nonisolated(unsafe) let model = ImageModels.resnet(
          blocks: [1, 1, 1, 1], width: 8, sizes, generator, device)
        // Statistics other than the first ones.
        _ = model(input(9, [4, 3, 24, 24]))
        model.eval()
        return { [model(input($0, [$0 + 1, 3, 24, 24]))] }
      case .rotary:
        nonisolated(unsafe) let model = TransformerEncoder(
          2, .llama(width: 32, heads: 4, keyHeads: 2, feedForward: 48), generator: generator, device: device)
        model.eval()
        return { [model(input($0, [2, length($0), 32]))] }
      case .recurrent:
        nonisolated(unsafe) let model = LSTM(
          12, 24, layers: 2, bidirectional: true, dropout: 0.5, generator: generator, device: device)
        model.eval()
        return { thread in
          let x = input(thread, [thread + 1, length(thread) / 4, 12])
          return [model(x), model.forward(x, lengths: (0...thread).map { 1 + $0 % 2 })]
        }
      case .cached:
        nonisolated(unsafe) let model = MultiHeadAttention(
          32, heads: 4, keyHeads: 2, isCausal: true, window: 20, rotary: RotaryPosition(), dropout: 0.5,
          generator: generator, device: device)
        model.eval()
        return { thread in
          let cache = KeyValueCache(capacity: length(thread))
          let x = input(thread, [2, length(thread), 32])
          let begun = model(x.sliced(axis: 1, to: length(thread) - 3), keys: nil, cache: cache)
          return [begun]
            + (-3 ..< -1).map { model(x.sliced(axis: 1, from: $0, to: $0 + 1), keys: nil, cache: cache) }
        }
      case .generating:
        nonisolated(unsafe) let model = GPT(
          vocabulary: 20, length: 24, width: 32, heads: 4, layers: 2, dropout: 0.5, generator: generator,
          device: device)
        model.eval()
        return { thread in
          let cache = model.cache()
          var scores = [
            model(
              Tensor((0..<5).map { Int32(($0 + thread) % 20) }, shape: [1, 5], device: device), cache: cache)
          ]
          for _ in 0..<4 {
            let next = scores[scores.count - 1].sliced(axis: 1, from: -1).argmax(axis: -1)
            scores.append(model(next, cache: cache))
          }
          return scores
        }
      }
    }
  }

  private static func bytes(_ tensors: [Tensor]) -> [[UInt8]]? { try? tensors.map { try $0.bytes() } }

  @Test(arguments: Network.allCases, devices)
  func evaluation(_ network: Network, _ device: Device) throws {
    for isRecording in [false, true] {
      // A new model: the threads are the first to use it.
      let work = network.make(device)
      @Sendable func result(_ thread: Int) -> [[UInt8]]? {
        isRecording ? Self.bytes(work(thread)) : noGradient { Self.bytes(work(thread)) }
      }
      let together = onThreads(Self.threads) { thread in (0..<3).map { _ in result(thread) } }
      let other = network.make(device)
      for thread in 0..<Self.threads {
        let alone = try #require(noGradient { Self.bytes(other(thread)) })
        #expect(together[thread].allSatisfy { $0 == alone }, "thread \(thread)")
        #expect(result(thread) == alone, "thread \(thread) afterwards")
      }
    }
  }

  /// Gradients of losses of several threads by the parameters that all share.
  @Test(arguments: devices) func gradients(_ device: Device) throws {
    let generator = Generator(seed: 5)
    nonisolated(unsafe) let model = TransformerEncoder(
      1, .llama(width: 16, heads: 2, feedForward: 24), generator: generator, device: device)
    model.eval()
    @Sendable func result(_ thread: Int) -> [[UInt8]]? {
      let x = Tensor.normal([2, 7, 16], generator: Generator(seed: UInt64(thread)), device: device)
      return Self.bytes(model(x).square().mean().gradients(of: model.parameters))
    }
    let together = onThreads(Self.threads) { thread in (0..<3).map { _ in result(thread) } }
    for thread in 0..<Self.threads {
      let alone = try #require(result(thread))
      #expect(together[thread].allSatisfy { $0 == alone }, "thread \(thread)")
    }
  }

  /// A token that is none is the error of the thread that gave it, in each of its results and in no other.
  @Test(arguments: devices) func badIndices(_ device: Device) throws {
    let generator = Generator(seed: 6)
    nonisolated(unsafe) let model = GPT(
      vocabulary: 20, length: 8, width: 16, heads: 2, layers: 1, generator: generator, device: device)
    model.eval()
    @Sendable func scores(_ token: Int32) -> Result<[UInt8], any Error> {
      Result { try noGradient { try model(Tensor([1, token, 3], shape: [1, 3], device: device)).bytes() } }
    }
    let expected = try scores(7).get()
    let found = onThreads(2) { thread in (0..<20).map { _ in scores(thread == 0 ? 20 : 7) } }
    for result in found[0] {
      let error = #expect(throws: LatheError.self) { try result.get() }
      #expect(
        error?.kind == .indexOutOfRange && error?.message.contains("20") == true,
        "\(String(describing: error))")
    }
    for result in found[1] { #expect(try result.get() == expected) }
  }

  /// What the compiler lets tasks share; a caller's own cache goes along.
  @Test(arguments: devices) func tasks(_ device: Device) async throws {
    func gpt() -> GPT {
      GPT(
        vocabulary: 20, length: 8, width: 16, heads: 2, layers: 1, dropout: 0.5,
        generator: Generator(seed: 7),
        device: device)
    }
    @Sendable func tokens(_ task: Int) -> Tensor {
      Tensor([1, Int32(task), 3], shape: [1, 3], device: device)
    }
    let shared = SharedModel(gpt())
    let one = SharedModel<any Module>(gpt())
    let found = await withTaskGroup(of: (Int, [[UInt8]]?).self) { group in
      for task in 0..<Self.threads {
        group.addTask {
          let cache = shared { $0.cache() }
          return (task, Self.bytes([shared { $0(tokens(task), cache: cache) }, one { $0(tokens(task)) }]))
        }
      }
      return await group.reduce(into: [Int: [[UInt8]]?]()) { $0[$1.0] = $1.1 }
    }
    let model = gpt()
    model.eval()
    for task in 0..<Self.threads {
      let alone = noGradient { Self.bytes([model(tokens(task), cache: model.cache()), model(tokens(task))]) }
      #expect(found[task] == alone)
    }
    #expect(!(shared { $0(tokens(1)) }).requiresGradient)
  }
}
