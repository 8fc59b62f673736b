import Lathe

/// A call that ends the program, and what standard error then says.
struct OperationMistake: Sendable {
  var message: String
  var make: @Sendable () -> Void

  init(_ message: String, _ make: @escaping @Sendable () -> Tensor) {
    self.message = message
    self.make = { _ = make() }
  }

  private static func zeros(_ shape: Shape, _ dtype: DType = .float32) -> Tensor {
    Tensor.zeros(shape, dtype: dtype, device: .cpu)
  }

  private static func einsum(_ message: String, _ equation: String, _ shapes: Shape...) -> OperationMistake {
    OperationMistake("einsum: \(message)") { Tensor.einsum(equation, shapes.map { zeros($0) }) }
  }

  /// What an equation can say that is none, or not one of its operands.
  static let equations: [OperationMistake] = [
    einsum("\"ij,jk->ik\" names 2 operands, and 1 were given", "ij,jk->ik", [2, 3]),
    einsum("\"ij->i\" names 1 operands, and 2 were given", "ij->i", [2, 3], [3]),
    einsum(
      "\"ijk\" of \"ij,ijk->k\" has 3 letters, and operand 1 the shape [2, 3]", "ij,ijk->k", [2, 3], [2, 3]),
    einsum(
      "\"i...jk\" of \"i...jk\" has 3 letters, and operand 0 the shape [2, 3]", "i...jk", [2, 3]),
    einsum(
      "\"ij,jk\": axis 0 of operand 1 [4, 5] has size 4, elsewhere it is 3", "ij,jk", [2, 3], [4, 5]),
    einsum(
      "\"...i,...i\": axis 0 of operand 1 [3, 4] has size 3, elsewhere it is 2", "...i,...i", [2, 4], [3, 4]),
    einsum("\"ij->ik\": the result's 'k' is in no operand", "ij->ik", [2, 3]),
    einsum("\"ij->ii\": the result has 'i' twice", "ij->ii", [2, 3]),
    einsum("\"ij-ji\": '-' without '>' behind it", "ij-ji", [2, 3]),
    einsum("\"...i...->i\": '...' twice in \"...i...\"", "...i...->i", [2, 3]),
    einsum("\"i1->i\": '1' in \"i1\"; axes are letters or '...'", "i1->i", [2, 3]),
    einsum("\"i..->i\": '.' in \"i..\"; axes are letters or '...'", "i..->i", [2, 3]),
    einsum("\"ij->i->j\": '-' in \"i->j\"; axes are letters or '...'", "ij->i->j", [2, 3]),
    einsum("a diagonal of axes of 1 and 3 elements of a tensor [1, 3]", "ii->i", [1, 3]),
  ]

  /// Masks, bits, assignment, scattering and indexing.
  static let places: [OperationMistake] = [
    OperationMistake("bitwiseAnd: float32 has no bits to combine") { zeros([2]) & zeros([2], .int32) },
    OperationMistake("bitwiseXor: a fraction has no bits to combine") { zeros([2], .int32) ^ 0.5 },
    OperationMistake("shiftLeft: float16 by int32: whole numbers are shifted by whole numbers") {
      zeros([2], .float16) << 1
    },
    OperationMistake("shiftRight: by a fraction") { zeros([2], .int32) >> 1.5 },
    OperationMistake("maskedFill: a mask [3] for a tensor of shape [2]") {
      zeros([2]).maskedFill(zeros([3], .bool), 1)
    },
    OperationMistake(
      "scatter: indices [3, 2] and source [2, 2] for a tensor of shape [4, 2] along axis 0: indices have at most"
    ) { zeros([4, 2]).scatter(axis: 0, indices: zeros([3, 2], .int32), source: zeros([2, 2])) },
    OperationMistake("scatterReduce: not defined on bool; cast it to whole numbers") {
      zeros([2], .bool).scatterReduce(
        axis: 0, indices: zeros([1], .int32), source: zeros([1], .bool), reduction: .sum)
    },
    OperationMistake("indexAdd: indices of shape [1, 1], not one axis") {
      zeros([2]).indexAdd(axis: 0, indices: zeros([1, 1], .int32), source: zeros([1]))
    },
    OperationMistake("indexed: 3 indices for a tensor of shape [2, 2]: at least one, and at most one for") {
      zeros([2, 2]).indexed([nil, nil, zeros([1], .int32)])
    },
    OperationMistake("indexed: indices are whole numbers or bools, not float32") {
      zeros([2, 2]).indexed([zeros([1])])
    },
    OperationMistake("indexed: indices of shapes [2] and [3] do not broadcast") {
      zeros([4, 4]).indexed([zeros([2], .int32), zeros([3], .int32)])
    },
    OperationMistake("indexPut: values of shape [3] for places of shape [2]") {
      zeros([4]).indexPut([zeros([2], .int32)], zeros([3]))
    },
    OperationMistake("assignment: values of shape [3] for places of shape [2]") {
      zeros([4]).assigned(zeros([3]), at: 1..<3)
    },
  ]

  /// Matrices of blocks.
  static let quantized: [OperationMistake] = [
    OperationMistake(
      "QuantizedTensor: rows of 48 elements are no whole number of Q4_0's blocks of 32"
    ) { QuantizedTensor(blocks: zeros([2, 27], .uint8), type: .q4_0, shape: [2, 48]).blocks },
    OperationMistake("QuantizedTensor: 53 bytes for [2, 256] of Q4_K, which takes 288") {
      QuantizedTensor(blocks: zeros([53], .uint8), type: .q4_K, shape: [2, 256]).blocks
    },
    OperationMistake("QuantizedTensor: float32 [2, 3], expected a matrix of float16 or bfloat16") {
      QuantizedTensor(zeros([2, 3])).blocks
    },
    OperationMistake("linear: input [2, 32] and weight [3, 5]: the last sizes differ") {
      zeros([2, 32]).linear(weight: QuantizedTensor(zeros([3, 5], .float16)))
    },
    OperationMistake("linear: input of float64 and weight of F16; cast the input to float32") {
      zeros([2, 5], .float64).linear(weight: QuantizedTensor(zeros([3, 5], .float16)))
    },
    OperationMistake("linear: bias [2] for weight [3, 5]") {
      zeros([2, 5]).linear(weight: QuantizedTensor(zeros([3, 5], .float16)), bias: zeros([2]))
    },
  ]

  /// Searching, counting, drawing and rearranging.
  static let searches: [OperationMistake] = [
    OperationMistake(
      "searchSorted: values [3, 2] in sequences [2, 4]: one sequence, or the same axes in front"
    ) {
      zeros([2, 4]).searchSorted(zeros([3, 2]))
    },
    OperationMistake("topK: 5 of axis -1 of [2, 4]") { zeros([2, 4]).topK(5).values },
    OperationMistake("bincount: counts whole numbers, not float32") { zeros([2]).bincount() },
    OperationMistake("bincount: minimum length -1") { zeros([2], .int32).bincount(minimumLength: -1) },
    OperationMistake("bincount: weights [3] for a tensor of shape [2] on cpu") {
      zeros([2], .int32).bincount(weights: zeros([3]))
    },
    OperationMistake("bincount: 4294967296 is too large: there would be a count for each number") {
      (zeros([1], .int64) + (1 << 32)).bincount()
    },
    OperationMistake("histogram: 0 bins") { zeros([2]).histogram(bins: 0).counts },
    OperationMistake("histogram: edges of shape [1]: one axis, two or more") {
      zeros([2]).histogram(edges: zeros([1]))
    },
    OperationMistake("histogram: weights [3] for a tensor of shape [2] on cpu") {
      zeros([2]).histogram(bins: 2, weights: zeros([3])).counts
    },
    OperationMistake("rolled: 2 shifts for 1 axes; give one for each") {
      zeros([2]).rolled([1, 2], axes: [0])
    },
    OperationMistake("repeatInterleave: -1 times") { zeros([2]).repeatInterleave(-1) },
    OperationMistake("repeatInterleave: counts [3] of int32 for axis 0 of [2]: one whole number each") {
      zeros([2]).repeatInterleave(zeros([3], .int32), axis: 0)
    },
    OperationMistake("diff: order -1") { zeros([2]).diff(order: -1) },
    OperationMistake("diagonal: axis 1 and -1 of [2, 2] are the same") {
      zeros([2, 2]).diagonal(axis1: 1, axis2: -1)
    },
    OperationMistake("cumulativeMax: axis 1") { zeros([2]).cumulativeMax(axis: 1).values },
    OperationMistake("randint: from 3 up to but without 3: from 1 to 2^40 different numbers") {
      Tensor.randint(3, 3, [2], generator: Generator(seed: 0), device: .cpu)
    },
    OperationMistake("multinomial: a tensor of shape [2] of int32, not of probabilities") {
      zeros([2], .int32).multinomial(1, generator: Generator(seed: 0))
    },
    OperationMistake("multinomial: 3 different places of 2") {
      zeros([2]).multinomial(3, generator: Generator(seed: 0))
    },
  ]

  /// Resampling, windows and convolutions of volumes.
  static let windows: [OperationMistake] = [
    OperationMistake(
      "interpolate: sizes [4] for a tensor of shape [1, 1, 2, 2]: one for each axis behind [n, c]"
    ) {
      zeros([1, 1, 2, 2]).interpolate(to: [4])
    },
    OperationMistake("interpolate: not defined on int32") { zeros([1, 1, 2], .int32).interpolate(to: [4]) },
    OperationMistake("interpolate: nearest has neither aligned corners nor antialiasing") {
      zeros([1, 1, 2]).interpolate(to: [4], alignCorners: true)
    },
    OperationMistake("unfold: windows of 2 elements, step 0, dilation 1: 1 or more each") {
      zeros([4]).unfold(axis: 0, size: 2, step: 0)
    },
    OperationMistake("unfold: a window over 5 elements of an axis of 4") {
      zeros([4]).unfold(axis: 0, size: 3, step: 1, dilation: 2)
    },
    OperationMistake("unfold2D: a tensor of shape [2, 2], not [n, c, h, w]") {
      zeros([2, 2]).unfold2D(kernel: (1, 1))
    },
    OperationMistake("fold2D: a tensor of shape [1, 5, 4], not [n, c * 2 * 2, windows]") {
      zeros([1, 5, 4]).fold2D(output: (3, 3), kernel: (2, 2))
    },
    OperationMistake("fold2D: 5 windows for images of (3, 3), which have 2 x 2") {
      zeros([1, 4, 5]).fold2D(output: (3, 3), kernel: (2, 2))
    },
    OperationMistake(
      "maxPool2D: kernel (2, 2), stride (2, 2), padding (2, 0), dilation (1, 1): padding is at most"
    ) {
      zeros([1, 1, 4, 4]).maxPool2D(kernel: (2, 2), padding: (2, 0), ceilMode: true)
    },
    OperationMistake("maxPool2D: the window (3, 3) is larger than the padded input [1, 1, 4, 4]") {
      zeros([1, 1, 4, 4]).maxPool2D(kernel: (3, 3), dilation: (2, 2))
    },
    OperationMistake("lpPool2D: order 0.0") { zeros([1, 1, 4, 4]).lpPool2D(order: 0, kernel: (2, 2)) },
    OperationMistake("conv3D: input [1, 2, 3, 3, 3] and filter [1, 1, 2, 2, 2] with 1 groups") {
      zeros([1, 2, 3, 3, 3]).conv3D(zeros([1, 1, 2, 2, 2]))
    },
    OperationMistake("conv3D: padding (-1, 0, 0)") {
      zeros([1, 1, 3, 3, 3]).conv3D(zeros([1, 1, 2, 2, 2]), padding: (-1, 0, 0))
    },
    OperationMistake("convTranspose3D: input [1, 2, 3, 3, 3] and filter [1, 1, 2, 2, 2] with 1 groups") {
      zeros([1, 2, 3, 3, 3]).convTranspose3D(zeros([1, 1, 2, 2, 2]))
    },
    OperationMistake("convTranspose3D: bias [2] for 1 output channels") {
      zeros([1, 1, 3, 3, 3]).convTranspose3D(zeros([1, 1, 2, 2, 2]), bias: zeros([2]))
    },
    OperationMistake("output padding (1, 0, 0): it is smaller than the stride or the dilation") {
      zeros([1, 1, 3, 3, 3]).convTranspose3D(zeros([1, 1, 2, 2, 2]), outputPadding: (1, 0, 0))
    },
    OperationMistake("convTranspose3D: an output without depth for input [1, 1, 1, 3, 3]") {
      zeros([1, 1, 1, 3, 3]).convTranspose3D(zeros([1, 1, 2, 2, 2]), padding: (1, 0, 0))
    },
  ]

  /// Norms, matrices and Fourier transforms.
  static let algebra: [OperationMistake] = [
    OperationMistake("norm: order NaN") { zeros([2]).norm(order: .nan) },
    OperationMistake("cdist: [2, 3] and [2, 4]: expected [..., m, d] and [..., n, d]") {
      Tensor.cdist(zeros([2, 3]), zeros([2, 4]))
    },
    OperationMistake("qr: a tensor of shape [2], not of matrices [..., m, n]") { zeros([2]).qr().q },
    OperationMistake("cholesky: matrices of 2 x 3 in [2, 3] are not square") { zeros([2, 3]).cholesky() },
    OperationMistake(
      "solve: matrices [2, 2] and right sides [3, 1]: expected [..., n, n] and [..., n, columns]"
    ) {
      zeros([2, 2]).solve(zeros([3, 1]))
    },
    OperationMistake("solveTriangular: axes in front of matrices [2, 2, 2] and right sides [3, 2, 1] do not")
    {
      zeros([2, 2, 2]).solveTriangular(zeros([3, 2, 1]), upper: true)
    },
    OperationMistake(
      "lstsq: matrices [3, 2] and right sides [2, 1]: expected [..., m, n] and [..., m, columns]"
    ) {
      zeros([3, 2]).lstsq(zeros([2, 1]))
    },
    OperationMistake("fft: a tensor of shape [4] of float32, not of complex numbers: pairs along a last axis")
    {
      zeros([4]).fft()
    },
    OperationMistake("ifft: axis 1 is outside complex numbers of shape [4, 2]") {
      zeros([4, 2]).ifft(axis: 1)
    },
    OperationMistake("fft: axis -1 of [0, 2] has no elements") { zeros([0, 2]).fft() },
    OperationMistake("irfft: 3 frequencies for a length of 7, which has 4") {
      zeros([3, 2]).irfft(length: 7)
    },
  ]
}
