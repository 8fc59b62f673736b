/// Work for a backend: what `Backend.run` is asked to do.
///
/// Unless a case says otherwise every operand is contiguous at offset 0 and float32, `rows`, `outer` and
/// `inner` count elements of the axes before and behind the one meant, and outputs are fresh buffers that the
/// operation fills completely. The order of operands is given with each case as `inputs -> outputs`.
public enum Operation: Sendable {
  /// Any strided inputs of one common shape -> one output per `program.outputs`, of that shape.
  ///
  /// Broadcast axes have stride 0. Any dtype. `scalars` match `program.scalars`.
  case elementwise(ElementwiseProgram, scalars: [ScalarValue])

  /// Strided inputs of one common shape -> the reduced output; see `Reduction`.
  case reduce(Reduction)

  /// x [outer, count, inner] of any type but bool -> index int32 [outer, inner] of the first largest (or
  /// smallest) element; a NaN counts as both.
  case argReduce(outer: Int, count: Int, inner: Int, largest: Bool)

  /// x [outer, count, inner] of float32, float64, int32 or int64 -> running sums along the middle axis.
  case cumulativeSum(outer: Int, count: Int, inner: Int)

  /// x [outer, count, inner] of float32, float64, int32 or int64 -> running products along the middle axis.
  case cumulativeProduct(outer: Int, count: Int, inner: Int)
  /// x [outer, count, inner] of float32, float64, int32 or int64 -> the largest (or smallest) element up to each along the middle
  /// axis, and its int32 index; the last of equal ones, a NaN from the first on.
  case cumulativeExtremum(outer: Int, count: Int, inner: Int, largest: Bool)

  /// Strided a [batch..., m, k] and b [batch..., k, n], bias [n] if `matmul.hasBias` -> [batch..., m, n].
  ///
  /// In the last two axes of a and b one stride is 1 (or its axis has size 1) and the other is at least that
  /// axis' extent; batch axes have any strides, 0 included. Of float32 or float64, and on devices that take
  /// `NarrowOperations.products` of float16 or bfloat16, where the result may be of float32, too.
  case matmul(MatrixMultiplication)

  /// x [m, k], uint8 W [n, bytes of k elements] of each part, then if `hasBias` bias [n] of each part -> x W^T + bias of the
  /// parts side by side [m, sum of n]; see `BlockProduct`.
  ///
  /// A backend may round the elements of x to eight bits, for each 32 of a row by one scale.
  case blockProduct(BlockProduct)
  /// W uint8 [rows, bytes of `columns` elements], index int32 [picked] -> rows of W as float32 [picked, columns].
  ///
  /// Indices as those of `gather`.
  case blockRows(BlockType, rows: Int, columns: Int, picked: Int)

  /// x [batch, rows, columns] -> the parts of each matrix; see `MatrixFactorization`. Only the CPU path has it.
  case factorization(MatrixFactorization, batch: Int, rows: Int, columns: Int)
  /// a [batch, n, n], b [batch, n, columns] -> x [batch, n, columns] with a x = b. Only the CPU path has it.
  case linearSystem(LinearSystem, batch: Int, n: Int, columns: Int)

  /// x [n, c, h, w], filter [o, c / groups, kh, kw], bias [o] if `hasBias` -> y [n, o, oh, ow].
  case convolution(Convolution2D)
  /// dy [n, o, oh, ow], filter -> dx [n, c, h, w]. Also the forward pass of a transposed convolution.
  case convolutionBackwardInput(Convolution2D)
  /// dy [n, o, oh, ow], x [n, c, h, w] -> dfilter [o, c / groups, kh, kw].
  case convolutionBackwardFilter(Convolution2D)

  /// x [n, c, h, w] -> y [n, c, oh, ow], index int32 of y's shape: row * w + column of the first largest
  /// element of the window in its plane; NaN counts as largest, padding is never chosen.
  case maxPool(Pool2D)
  /// dy, index -> dx [n, c, h, w].
  case maxPoolBackward(Pool2D)
  /// x -> y; divides by the window's size, or without `countsPadding` by its elements inside the image.
  case averagePool(Pool2D)
  /// dy -> dx.
  case averagePoolBackward(Pool2D)

  /// x [rows, columns] -> softmax (or its logarithm) along the columns.
  case softmax(rows: Int, columns: Int, logarithm: Bool)
  /// dy, y (the forward output) -> dx.
  case softmaxBackward(rows: Int, columns: Int, logarithm: Bool)

  /// logits [rows, classes], label int32 [rows] -> loss [rows], parts [rows, 2]; see `CrossEntropy`.
  ///
  /// The parts of a row's logSumExp are its largest element and the logarithm of the sum of exponentials relative to it.
  case crossEntropy(CrossEntropy)
  /// logits, label, parts [rows, 2], dloss [rows] -> dlogits [rows, classes].
  case crossEntropyBackward(CrossEntropy)

  /// x [rows, columns], then weight [columns] and bias [columns] if `affine` -> y, mean [rows],
  /// 1 / sqrt(variance + epsilon) [rows]; the variance is the biased one.
  case layerNorm(rows: Int, columns: Int, epsilon: Float, affine: Bool)
  /// dy, x, mean, rstd, then weight if `affine` -> dx, then dweight and dbias if `affine`.
  case layerNormBackward(rows: Int, columns: Int, affine: Bool)

  /// x [rows, columns], then weight [columns] if `weighted` -> x / sqrt(mean(x^2) + epsilon) times the weight.
  case rmsNorm(rows: Int, columns: Int, epsilon: Float, weighted: Bool)

  /// x [outer, channels, inner] -> the mean and the biased variance of each channel.
  case channelMoments(outer: Int, channels: Int, inner: Int)

  /// Strided q [n, heads, t, d], k [n, key heads, m, d] and v [n, key heads, m, e] with neighbours along the last
  /// axis, strided bool mask [n, heads, t, m] if `hasMask` -> o [n, t, heads, e], norms [n, heads, t, 2]; see
  /// `Attention`.
  ///
  /// The norms of a query's weights are its largest score times log2(e), infinite where it sees nothing, and the base-2
  /// logarithm of the sum of powers of 2 relative to it.
  case attention(Attention)
  /// Strided do [n, heads, t, e], q, k, v and o [n, heads, t, e] with neighbours along the last axis, norms,
  /// mask if `hasMask` -> dq [n, t, heads, d], dk [n, m, key heads, d], dv [n, m, key heads, e].
  case attentionBackward(Attention)

  /// projected [batch, steps, gates * size], h [batch, size], weight [gates * size, size], an LSTM's c [batch, size],
  /// bias [gates * size] if `hasBias`, mask [batch, steps] of 0 and 1 if `hasMask` -> states after each step
  /// [h and an LSTM's c, batch, steps, size], saved [batch, steps, kept * size]; see `RecurrentCell`.
  case recurrence(RecurrentSequence)
  /// Gradients of the states, states, saved, h, weight, an LSTM's c, mask if `hasMask` -> gradients of projected, for
  /// GRU those of the state's projection in the same shape, of h, and of an LSTM's c.
  case recurrenceBackward(RecurrentSequence)

  /// Strided x [batch, heads, time, width] and strided cosines and sines [time, pairs], all with neighbours along the last
  /// axis -> x with its pairs turned, [batch, heads, time, width]; see `Rotation`.
  case rotation(Rotation)

  /// x of any type [outer, count, inner], strided index int32 [outer, picked, inner] -> [outer, picked, inner].
  ///
  /// Element (o, p, i) is x[o, index[o, p, i], i]. A negative index counts from the end; one outside the axis is
  /// an `indexOutOfRange` error: thrown at once by the CPU, at the next read or synchronisation by a device.
  case gather(outer: Int, count: Int, inner: Int, picked: Int)
  /// base of float32, float64, int32 or int64 [outer, count, inner], strided index int32 and contiguous source
  /// [outer, picked, inner] -> base with source[o, p, i] added at [o, index[o, p, i], i], in the order of p.
  case scatterAdd(outer: Int, count: Int, inner: Int, picked: Int)

  /// base [outer, count, inner], strided index int32 and contiguous source [outer, picked, inner] of base's type -> base
  /// with source[o, p, i] joined to [o, index[o, p, i], i] by a rule, in the order of p; see `ScatterRule`.
  case scatter(ScatterRule, outer: Int, count: Int, inner: Int, picked: Int)

  /// x of float32, float64 or whole numbers [rows, count] -> sorted values, index int32; stable, NaN is largest.
  case sort(rows: Int, count: Int, descending: Bool)

  /// x of float32, float64 or whole numbers [rows, count] -> the k first of `sort`'s values and indices, k >= 1.
  case topK(rows: Int, count: Int, k: Int, largest: Bool)

  /// Rising sequences [rows or 1, count] and values [rows, picked] of float32, float64, int32 or int64 -> int32 [rows, picked]: how
  /// many elements of the row's sequence are smaller (with `right` not larger) than each value; NaN is largest.
  case searchSorted(sequences: Int, rows: Int, count: Int, picked: Int, right: Bool)

  /// -> float32 numbers from the counter-based generator; see `RandomDistribution`.
  case random(RandomDistribution, key: RandomKey)
  /// x -> x / (1 - probability) where element i's uniform number is >= probability, else 0.
  case dropout(probability: Float, key: RandomKey)

  /// Strided x of any type -> strided y of the same type and shape, possibly a part of a buffer.
  case copy

  /// parameter, gradient, m, v of each of `count` tensors (4 x count operands) -> parameter, m, v of each.
  ///
  /// Outputs may be the buffers of the inputs. Any sizes, float32. Where the step is judged, a vector stands behind the
  /// operands: 1 for a step that is made or 0 for one that changes nothing, then the step size and `correction2`.
  case adam(AdamStep, count: Int)
  /// parameter, gradient, and with momentum velocity, of each tensor -> parameter, and velocity, of each.
  ///
  /// Outputs may be the buffers of the inputs. Where the step is judged, a vector stands behind the operands: 1 for a step
  /// that is made or 0 for one that changes nothing, then 1 where the velocity holds nothing yet.
  case sgd(SGDStep, count: Int)

  /// One program on each of `count` tensors: strided inputs of one shape for each in turn -> its outputs of that shape.
  ///
  /// Shapes may differ from tensor to tensor. An output may be the buffer of an input of the same tensor that is
  /// contiguous at offset 0 with elements of the same size.
  case elementwiseEach(ElementwiseProgram, scalars: [ScalarValue], count: Int)
  /// x of each tensor, at any offset -> the sums of all, one tensor's after the other's; see `AxisSum`.
  case sumEach([AxisSum], squares: Bool)

  /// Inputs of any types -> outputs of any types, as the program that brought the implementation along says.
  ///
  /// A backend without an implementation throws an `unsupported` error, and nobody does it instead.
  case custom(CustomKernel)
}

/// Sums over the middle axis of x [outer, count, inner].
public struct AxisSum: Sendable, Hashable {
  /// Elements of the axes.
  public var outer: Int, count: Int, inner: Int
  /// How many elements the last row lacks; 0 where `inner` is not 1.
  public var missing: Int
  /// Each sum is divided by this: n makes a mean.
  public var divisor: Float

  /// Sums over an axis.
  public init(outer: Int, count: Int, inner: Int, missing: Int = 0, divisor: Float = 1) {
    self.outer = outer
    self.count = count
    self.inner = inner
    self.missing = missing
    self.divisor = divisor
  }

  /// The elements of x.
  public var elementCount: Int { outer * count * inner - missing }
  /// The number of sums.
  public var sumCount: Int { outer * inner }
}

/// How a scattered element is joined with what stands at its place.
public enum ScatterRule: UInt8, Sendable, Hashable, CaseIterable {
  /// Written over it; of several at one place the last stays. Any type.
  case set
  /// `maximum` and `minimum` pass NaN on. float32, float64, int32 or int64.
  case product, maximum, minimum
}

/// How elements are joined by a reduction.
public enum ReductionKind: UInt8, Sendable, Hashable, CaseIterable {
  /// `max` and `min` pass NaN on; `any` and `all` work on bool.
  case sum, product, max, min, any, all
}

/// A reduction together with the element-wise program that makes the values to be reduced.
public struct Reduction: Sendable, Hashable {
  /// How elements are joined.
  public var kind: ReductionKind
  /// Makes the value; its single output names the register to reduce (float32, float64, int32, int64, uint8 or bool)
  /// and, as `dtype`, the type in which the result is stored.
  public var program: ElementwiseProgram
  /// Values of the program's scalars.
  public var scalars: [ScalarValue]
  /// For each axis of the inputs whether it is reduced; the output has the other axes in order.
  public var reduced: [Bool]
  /// A sum of floats is divided by this, which is a float32 where they are: n makes a mean.
  public var divisor: Double

  /// A reduction from its parts.
  public init(
    kind: ReductionKind, program: ElementwiseProgram, scalars: [ScalarValue], reduced: [Bool],
    divisor: Double = 1
  ) {
    self.kind = kind
    self.program = program
    self.scalars = scalars
    self.reduced = reduced
    self.divisor = divisor
  }
}

/// What follows a matrix product or a convolution in the same kernel.
public enum Activation: UInt8, Sendable, Hashable, CaseIterable {
  case none, relu
}

/// A batch of matrix products.
public struct MatrixMultiplication: Sendable, Hashable {
  /// Rows of a and of the result.
  public var m: Int
  /// Columns of b and of the result.
  public var n: Int
  /// Columns of a, rows of b.
  public var k: Int
  /// Whether a third input [n] is added to every row.
  public var hasBias: Bool
  /// Applied last.
  public var activation: Activation
  /// Whether operands of float32 may be rounded to tf32.
  public var allowsTF32: Bool

  /// A product from its parts.
  public init(
    m: Int, n: Int, k: Int, hasBias: Bool = false, activation: Activation = .none, allowsTF32: Bool = false
  ) {
    self.m = m
    self.n = n
    self.k = k
    self.hasBias = hasBias
    self.activation = activation
    self.allowsTF32 = allowsTF32
  }
}

/// The sizes of a 2-D convolution, in the forward direction.
public struct Convolution2D: Sendable, Hashable {
  /// Images, input channels, height and width.
  public var batch: Int, channels: Int, height: Int, width: Int
  /// Output channels and groups.
  public var outputChannels: Int, groups: Int
  /// The filter's height and width.
  public var kernelHeight: Int, kernelWidth: Int
  /// Steps of the window.
  public var strideY: Int, strideX: Int
  /// Zeros before the first row and column (and as many behind the last).
  public var paddingY: Int, paddingX: Int
  /// Steps between the filter's elements.
  public var dilationY: Int, dilationX: Int
  /// The output's height and width.
  public var outputHeight: Int, outputWidth: Int
  /// Whether a bias is added, and what follows; forward only.
  public var hasBias = false
  /// What follows; forward only.
  public var activation = Activation.none

  /// A convolution; the output's size is given since a transposed convolution chooses it.
  public init(
    batch: Int, channels: Int, height: Int, width: Int, outputChannels: Int, groups: Int, kernelHeight: Int,
    kernelWidth: Int, strideY: Int, strideX: Int, paddingY: Int, paddingX: Int, dilationY: Int,
    dilationX: Int,
    outputHeight: Int, outputWidth: Int
  ) {
    self.batch = batch
    self.channels = channels
    self.height = height
    self.width = width
    self.outputChannels = outputChannels
    self.groups = groups
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.strideY = strideY
    self.strideX = strideX
    self.paddingY = paddingY
    self.paddingX = paddingX
    self.dilationY = dilationY
    self.dilationX = dilationX
    self.outputHeight = outputHeight
    self.outputWidth = outputWidth
  }
}

/// The sizes of a 2-D pooling.
public struct Pool2D: Sendable, Hashable {
  /// Images times channels, height and width.
  public var planes: Int, height: Int, width: Int
  /// The window's height and width.
  public var kernelHeight: Int, kernelWidth: Int
  /// Steps of the window.
  public var strideY: Int, strideX: Int
  /// Padding on each side, at most half the window.
  public var paddingY: Int, paddingX: Int
  /// The output's height and width.
  public var outputHeight: Int, outputWidth: Int
  /// For averages: whether padding counts as elements of value 0.
  public var countsPadding = true
  /// Whether window i of n over an axis of L elements is i L / n ..< (i + 1) L / n, rounded outwards; window, steps and
  /// padding then say nothing.
  public var isAdaptive = false

  /// A pooling from its parts.
  public init(
    planes: Int, height: Int, width: Int, kernelHeight: Int, kernelWidth: Int, strideY: Int, strideX: Int,
    paddingY: Int, paddingX: Int, outputHeight: Int, outputWidth: Int
  ) {
    self.planes = planes
    self.height = height
    self.width = width
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.strideY = strideY
    self.strideX = strideX
    self.paddingY = paddingY
    self.paddingX = paddingX
    self.outputHeight = outputHeight
    self.outputWidth = outputWidth
  }
}

/// Cross-entropy of class indices.
///
/// With s = `labelSmoothing` and c classes a row's loss is
/// `logSumExp - (1 - s) * x[label] - s / c * sum(x)`; a row whose label is `ignoredIndex` has loss and gradient 0.
/// A label outside 0..<c that is not ignored is an `indexOutOfRange` error, as for `gather`.
public struct CrossEntropy: Sendable, Hashable {
  /// Rows and classes.
  public var rows: Int, classes: Int
  /// Rows with this label do not count; none where nil.
  public var ignoredIndex: Int32?
  /// How much of the weight is spread over all classes.
  public var labelSmoothing: Float
  /// Whether the logits are logarithms of probabilities already, so that no softmax is taken.
  public var ofLogarithms: Bool

  /// A cross-entropy from its parts.
  public init(
    rows: Int, classes: Int, ignoredIndex: Int32?, labelSmoothing: Float, ofLogarithms: Bool = false
  ) {
    self.rows = rows
    self.classes = classes
    self.ignoredIndex = ignoredIndex
    self.labelSmoothing = labelSmoothing
    self.ofLogarithms = ofLogarithms
  }
}

/// Where the counter-based generator starts.
///
/// The generator is Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011). Element
/// i uses lane i % 4 of the block whose 128-bit counter is (offset + i / 4, 0) and whose key is `seed`, both as
/// two 32-bit words, low word first.
public struct RandomKey: Sendable, Hashable {
  /// The key.
  public var seed: UInt64
  /// The first block.
  public var offset: UInt64

  /// A start.
  public init(seed: UInt64, offset: UInt64) {
    self.seed = seed
    self.offset = offset
  }
}

/// What the generator's 32-bit words are turned into.
public enum RandomDistribution: Sendable, Hashable {
  /// low + (high - low) * (word >> 8) * 2^-24, as `UniformInterval` says it.
  case uniform(low: Float, high: Float)
  /// Box-Muller on lanes (0, 1) and (2, 3): r = sqrt(-2 ln(((a >> 8) + 1) * 2^-24)), t = 2 pi (b >> 8) * 2^-24,
  /// mean + deviation * r * cos t in the even lane and r * sin t in the odd one.
  case normal(mean: Float, deviation: Float)
  /// 1 where the uniform number of 0..<1 is below the probability, else 0.
  case bernoulli(probability: Float)
}

/// Uniform numbers (low + width * u) * scale, u in 0..<1, none of which is above `limit`.
public struct UniformInterval: Sendable {
  /// The low end, divided by `scale`.
  public let low: Float
  /// The distance of the ends, divided by `scale`.
  public let width: Float
  /// 1, or 2 where the ends are further apart than any float32.
  public let scale: Float
  /// The largest number below the high end, which rounding would reach else.
  public let limit: Float

  /// The numbers from `low` on that are below `high`; `low` alone where the two are equal.
  public init(low: Float, high: Float) {
    scale = (high - low).isFinite ? 1 : 2
    self.low = low / scale
    width = high / scale - low / scale
    limit = max(low, high.nextDown)
  }
}

/// One step of Adam (Kingma and Ba, 2015) or AdamW (Loshchilov and Hutter, 2019).
///
/// m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
/// p = p (1 - learningRate * decoupledDecay) - stepSize * m / (sqrt(v) / correction2 + epsilon), where g already
/// holds `weightDecay * p` (the L2 form), stepSize = learningRate / (1 - beta1^t) and
/// correction2 = sqrt(1 - beta2^t).
public struct AdamStep: Sendable, Hashable {
  /// The learning rate.
  public var learningRate: Float
  /// Decay of the first moment.
  public var beta1: Float
  /// Decay of the second moment.
  public var beta2: Float
  /// Keeps the divisor away from 0.
  public var epsilon: Float
  /// Factor of the L2 penalty's gradient.
  public var weightDecay: Float
  /// Decay applied to the parameter itself, as in AdamW.
  public var decoupledDecay: Float
  /// Learning rate over the first moment's bias correction.
  public var stepSize: Float
  /// Root of the second moment's bias correction.
  public var correction2: Float
  /// Whether the device knows if the step is made, and with which corrections.
  public var isJudged = false

  /// A step from its parts.
  public init(
    learningRate: Float, beta1: Float, beta2: Float, epsilon: Float, weightDecay: Float,
    decoupledDecay: Float,
    stepSize: Float, correction2: Float
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.decoupledDecay = decoupledDecay
    self.stepSize = stepSize
    self.correction2 = correction2
  }
}

/// One step of stochastic gradient descent, as PyTorch's.
///
/// g = gradient + weightDecay * p; with momentum v = momentum * v + (1 - dampening) * g (v = g in the first step),
/// and g = v, or with Nesterov g + momentum * v; p = p - learningRate * g.
public struct SGDStep: Sendable, Hashable {
  /// The learning rate.
  public var learningRate: Float
  /// Share of the velocity kept.
  public var momentum: Float
  /// Share of the gradient kept out of the velocity.
  public var dampening: Float
  /// Factor of the L2 penalty's gradient.
  public var weightDecay: Float
  /// Whether Nesterov's form is used.
  public var nesterov: Bool
  /// Whether the velocity holds nothing yet.
  public var isFirst: Bool
  /// Whether the device knows if the step is made, and if it is the first.
  public var isJudged = false

  /// A step from its parts.
  public init(
    learningRate: Float, momentum: Float, dampening: Float, weightDecay: Float, nesterov: Bool, isFirst: Bool
  ) {
    self.learningRate = learningRate
    self.momentum = momentum
    self.dampening = dampening
    self.weightDecay = weightDecay
    self.nesterov = nesterov
    self.isFirst = isFirst
  }
}
