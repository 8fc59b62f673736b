import Lathe
import Testing

extension AllTests {
  /// The layout of NumPy, with shape, type and device behind it.
  @Suite("Printing") struct Printing {
    private func check(_ tensor: Tensor, _ expected: String, _ location: SourceLocation = #_sourceLocation) {
      #expect(tensor.description == expected, sourceLocation: location)
    }

    @Test func scalars() {
      check(Tensor(Float(3), device: .cpu), "Tensor(3., shape=[], dtype=float32, device=cpu)")
      check(Tensor(Int32(-7), device: .cpu), "Tensor(-7, shape=[], dtype=int32, device=cpu)")
      check(Tensor(true, device: .cpu), "Tensor(True, shape=[], dtype=bool, device=cpu)")
    }

    @Test func rows() {
      check(
        Tensor([1, 2.5, -3] as [Float], device: .cpu),
        "Tensor([ 1. ,  2.5, -3. ], shape=[3], dtype=float32, device=cpu)")
      check(
        Tensor([1, 20, -300] as [Int32], device: .cpu),
        "Tensor([   1,   20, -300], shape=[3], dtype=int32, device=cpu)")
      check(Tensor([true, false], device: .cpu), "Tensor([ True, False], shape=[2], dtype=bool, device=cpu)")
      check(
        Tensor([Float.nan, .infinity, -1], device: .cpu),
        "Tensor([nan, inf, -1.], shape=[3], dtype=float32, device=cpu)")
    }

    @Test func matrices() {
      check(
        Tensor([1, 2, 3, 4, 5, 6] as [Int32], shape: [2, 3], device: .cpu),
        """
        Tensor([[1, 2, 3],
                [4, 5, 6]], shape=[2, 3], dtype=int32, device=cpu)
        """)
      check(
        Tensor([1, 2, 3, 4] as [Int32], shape: [2, 1, 2], device: .cpu),
        """
        Tensor([[[1, 2]],

                [[3, 4]]], shape=[2, 1, 2], dtype=int32, device=cpu)
        """)
    }

    @Test func nothing() {
      check(Tensor.zeros([0], device: .cpu), "Tensor([], shape=[0], dtype=float32, device=cpu)")
      check(Tensor.zeros([3, 0], device: .cpu), "Tensor([], shape=[3, 0], dtype=float32, device=cpu)")
    }

    @Test func wideRangesTakeExponents() {
      check(
        Tensor([1e-7, 1, 1e8] as [Float], device: .cpu),
        "Tensor([1.e-07, 1.e+00, 1.e+08], shape=[3], dtype=float32, device=cpu)")
    }

    @Test func longTensorsAreShortened() {
      check(
        Tensor.arange(2000, device: .cpu),
        "Tensor([   0,    1,    2, ..., 1997, 1998, 1999], shape=[2000], dtype=int32, device=cpu)")
      check(
        Tensor.zeros([100, 100], dtype: .int32, device: .cpu),
        """
        Tensor([[0, 0, 0, ..., 0, 0, 0],
                [0, 0, 0, ..., 0, 0, 0],
                [0, 0, 0, ..., 0, 0, 0],
                ...,
                [0, 0, 0, ..., 0, 0, 0],
                [0, 0, 0, ..., 0, 0, 0],
                [0, 0, 0, ..., 0, 0, 0]], shape=[100, 100], dtype=int32, device=cpu)
        """)
    }

    @Test func viewsPrintWhatTheyShow() {
      check(
        Tensor([1, 2, 3, 4] as [Int32], shape: [2, 2], device: .cpu).transposed(),
        """
        Tensor([[1, 3],
                [2, 4]], shape=[2, 2], dtype=int32, device=cpu)
        """)
    }
  }
}
