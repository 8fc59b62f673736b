import Lathe
import TestSupport
import Testing

extension AllTests {
  /// Attention with scores and hidden keys that leave the ordinary.
  @Suite("Attention at special points", .serialized)
  struct AttentionCorners {
    /// Two keys whose values are 1 and 5 for one query, the second key hidden.
    private func two(_ score: Float, _ other: Float, _ dtype: DType, _ device: Device) -> (
      Tensor, Tensor, Tensor, Tensor
    ) {
      (
        Tensor([1] as [Float], shape: [1, 1, 1, 1], dtype: dtype, device: device),
        Tensor([score, other], shape: [1, 1, 2, 1], dtype: dtype, device: device),
        Tensor([1, 5] as [Float], shape: [1, 1, 2, 1], dtype: dtype, device: device),
        Tensor([true, false], shape: [1, 1, 1, 2], device: device)
      )
    }

    @Test(arguments: TestDevice.all)
    func visibleScoresFarBelowZero(_ device: Device) throws {
      let (q, k, v, mask) = two(-6e31, 3, .float32, device)
      expectEqual(q.attention(keys: k, values: v, mask: mask), NDArray([1, 1, 1, 1], [1]))
      let wide = q.concatenated(300)
      expectEqual(
        wide.attention(keys: k.concatenated(300), values: v, mask: mask, scale: 1),
        NDArray([1, 1, 1, 1], [1]))
      let (h, hk, hv, hmask) = two(-62500, 3, .float16, device)
      let generator = Generator(seed: 1)
      // Where the visible key is dropped nothing is left; the hidden one never appears.
      for _ in 0..<8 {
        let result = try h.attention(
          keys: hk, values: hv, mask: hmask, dropout: (0.5, generator)
        ).item()
        #expect(result == 0 || result == 2)
      }
    }

    @Test(arguments: TestDevice.all)
    func aQueryThatSeesNothing(_ device: Device) {
      let (q, k, v, _) = two(1, 2, .float32, device)
      let nothing = Tensor([false, false], shape: [1, 1, 1, 2], device: device)
      let generator = Generator(seed: 1)
      let kept = q.attention(keys: k, values: v, mask: nothing, dropout: (1e-9, generator))
      expectEqual(kept, NDArray([1, 1, 1, 1], [3]))
      expectEqual(q.attention(keys: k, values: v, mask: nothing), NDArray([1, 1, 1, 1], [3]))
    }

    @Test(arguments: TestDevice.all)
    func largeScoresThatAreEqual(_ device: Device) {
      let (q, k, v, _) = two(1e7, 1e7, .float32, device)
      let inputs = [q, k, v].map { $0.requiringGradient() }
      let result = inputs[0].attention(keys: inputs[1], values: inputs[2])
      expectEqual(result, NDArray([1, 1, 1, 1], [3]))
      let gradients = result.gradients(of: inputs)
      // Weights of one half: dv = 0.5 each, dk = 0.5 (v - 3) q.
      expectEqual(gradients[1], NDArray([1, 1, 2, 1], [-1, 1]))
      expectEqual(gradients[2], NDArray([1, 1, 2, 1], [0.5, 0.5]))
    }

    @Test(arguments: TestDevice.all)
    func largeScoresOfAnyScale(_ device: Device) {
      let q = Tensor([1.1, 0.7] as [Float], shape: [1, 1, 1, 2], device: device).requiringGradient()
      let k = Tensor([5.3e6, 7.1e6, 5.3e6, 7.1e6] as [Float], shape: [1, 1, 2, 2], device: device)
      let v = Tensor([1, 5] as [Float], shape: [1, 1, 2, 1], device: device).requiringGradient()
      let result = q.attention(keys: k, values: v, scale: 0.37)
      expectEqual(result.gradients(of: [q, v])[1], NDArray([1, 1, 2, 1], [0.5, 0.5]))
    }

    /// A hidden key of NaN: a mask over keys alone, and one of each query's own.
    @Test(arguments: TestDevice.all, [1, 3])
    func hiddenKeysOfNoNumbers(_ device: Device, _ rows: Int) throws {
      let q = Tensor.ones([1, 1, 3, 2], device: device).requiringGradient()
      let k = Tensor([1, 2, .nan, .nan, 2, 1] as [Float], shape: [1, 1, 3, 2], device: device)
        .requiringGradient()
      let v = Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [1, 1, 3, 2], device: device).requiringGradient()
      let mask = Tensor(
        (0..<rows).flatMap { _ in [true, false, true] }, shape: [1, 1, rows, 3], device: device)
      let result = q.attention(keys: k, values: v, mask: mask, scale: 1)
      expectEqual(result, NDArray([1, 1, 3, 2], [3, 4, 3, 4, 3, 4]))
      let found = result.gradients(of: [k, v])
      // Three queries with weights of one half: dv = 1.5, dk = 3 * 0.5 * (sum(v) - 7) q.
      expectEqual(found[0], NDArray([1, 1, 3, 2], [-6, -6, 0, 0, 6, 6]))
      expectEqual(found[1], NDArray([1, 1, 3, 2], [1.5, 1.5, 0, 0, 1.5, 1.5]))
    }
  }
}

extension Tensor {
  /// The tensor with zeros behind the elements of its last axis: too wide for the kernels.
  fileprivate func concatenated(_ width: Int) -> Tensor { padded([(0, width - shape[rank - 1])]) }
}
