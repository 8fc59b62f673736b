import Lathe

/// What runs an operation of the fixtures: its inputs and the case with its parameters.
typealias FixtureOperation = @Sendable ([Tensor], Fixture) throws -> [Tensor]

/// The operations by PyTorch's names.
let fixtureOperations: [String: FixtureOperation] = [
  layerOperations, elementwiseOperations, arrayOperations, functionOperations, lossOperations, bitOperations,
  placeOperations, windowOperations, algebraOperations,
]
.reduce(
  into: [:]
) { all, part in all.merge(part) { first, _ in first } }

private let layerOperations: [String: FixtureOperation] = [
  "linear": { x, _ in [x[0].linear(weight: x[1], bias: x.count > 2 ? x[2] : nil)] },
  "conv2d": { x, p in
    [
      x[0].conv2D(
        x[1], bias: x.count > 2 ? x[2] : nil, stride: try p.pair("stride"), padding: try p.pair("padding"),
        dilation: try p.pair("dilation"), groups: try p.int("groups"))
    ]
  },
  "conv_transpose2d": { x, p in
    [
      x[0].convTranspose2D(
        x[1], bias: x[2], stride: try p.pair("stride"), padding: try p.pair("padding"),
        outputPadding: try p.pair("output_padding"), dilation: try p.pair("dilation"),
        groups: try p.int("groups"))
    ]
  },
  "max_pool2d": { x, p in
    [
      x[0].maxPool2D(
        kernel: try p.pair("kernel"), stride: try p.pair("stride"), padding: try p.pair("padding"))
    ]
  },
  "avg_pool2d": { x, p in
    [
      x[0].averagePool2D(
        kernel: try p.pair("kernel"), stride: try p.pair("stride"), padding: try p.pair("padding"),
        countsPadding: try p.bool("counts_padding"))
    ]
  },
  "global_avg_pool2d": { x, _ in [x[0].globalAveragePool2D()] },
  "global_max_pool2d": { x, _ in [x[0].globalMaxPool2D()] },
  "layer_norm": { x, p in
    let epsilon = Float(try p.number("epsilon"))
    return [
      x.count > 1
        ? x[0].layerNorm(weight: x[1], bias: x[2], epsilon: epsilon) : x[0].layerNorm(epsilon: epsilon)
    ]
  },
  "batch_norm": { x, p in
    let result = x[0].batchNorm(weight: x[1], bias: x[2], epsilon: Float(try p.number("epsilon")))
    return [result.output, result.mean, result.variance]
  },
  "batch_norm_inference": { x, p in
    [
      x[0].batchNorm(
        mean: x[3], variance: x[4], weight: x[1], bias: x[2], epsilon: Float(try p.number("epsilon")))
    ]
  },
  "embedding": { x, _ in [Tensor.embedding(x[0], x[1])] },
  "softmax": { x, p in [x[0].softmax(axis: try p.int("axis"))] },
  "log_softmax": { x, p in [x[0].logSoftmax(axis: try p.int("axis"))] },
  "cross_entropy": { x, p in
    let ignored = p.parameters["ignore_index"] == nil ? nil : try p.int("ignore_index")
    return [
      crossEntropy(
        x[0], x[1], ignoredIndex: ignored, labelSmoothing: Float(try p.number("label_smoothing")),
        reduction: try p.reduction())
    ]
  },
  "matmul": { x, _ in [x[0].matmul(x[1])] },
]

private let elementwiseOperations: [String: FixtureOperation] = [
  "relu": { x, _ in [x[0].relu()] },
  "sigmoid": { x, _ in [x[0].sigmoid()] },
  "tanh": { x, _ in [x[0].tanh()] },
  "leaky_relu": { x, p in [x[0].leakyReLU(slope: Float(try p.number("slope")))] },
  "elu": { x, p in [x[0].elu(alpha: Float(try p.number("alpha")))] },
  "gelu": { x, _ in [x[0].gelu()] },
  "gelu_tanh": { x, _ in [x[0].gelu(approximation: .tanh)] },
  "silu": { x, _ in [x[0].silu()] },
  "softplus": { x, _ in [x[0].softplus()] },
  "erf": { x, _ in [x[0].erf()] },
  "exp": { x, _ in [x[0].exp()] },
  "expm1": { x, _ in [x[0].expm1()] },
  "log": { x, _ in [x[0].log()] },
  "log1p": { x, _ in [x[0].log1p()] },
  "sqrt": { x, _ in [x[0].sqrt()] },
  "rsqrt": { x, _ in [x[0].rsqrt()] },
  "square": { x, _ in [x[0].square()] },
  "abs": { x, _ in [x[0].abs()] },
  "sign": { x, _ in [x[0].sign()] },
  "sin": { x, _ in [x[0].sin()] },
  "cos": { x, _ in [x[0].cos()] },
  "floor": { x, _ in [x[0].floor()] },
  "ceil": { x, _ in [x[0].ceil()] },
  "round": { x, _ in [x[0].round()] },
  "clamped": { x, p in [x[0].clamped(Float(try p.number("low")), Float(try p.number("high")))] },
  "add": { x, _ in [x[0] + x[1]] },
  "subtract": { x, _ in [x[0] - x[1]] },
  "multiply": { x, _ in [x[0] * x[1]] },
  "divide": { x, _ in [x[0] / x[1]] },
  "pow": { x, _ in [x[0].pow(x[1])] },
  "minimum": { x, _ in [x[0].minimum(x[1])] },
  "maximum": { x, _ in [x[0].maximum(x[1])] },
  "remainder": { x, _ in [x[0] % x[1]] },
  "where": { x, _ in [Tensor.where(x[0], x[1], x[2])] },
]

private let arrayOperations: [String: FixtureOperation] = [
  "sum": { x, p in [x[0].sum(axes: try p.list("axes"), keepDims: try p.bool("keep"))] },
  "mean": { x, p in [x[0].mean(axes: try p.list("axes"), keepDims: try p.bool("keep"))] },
  "prod": { x, p in [x[0].prod(axes: try p.list("axes"), keepDims: try p.bool("keep"))] },
  "amax": { x, p in [x[0].max(axes: try p.list("axes"), keepDims: try p.bool("keep"))] },
  "amin": { x, p in [x[0].min(axes: try p.list("axes"), keepDims: try p.bool("keep"))] },
  "logsumexp": { x, p in [x[0].logSumExp(axes: try p.list("axes"), keepDims: try p.bool("keep"))] },
  "var": { x, p in
    [
      x[0].variance(
        axes: try p.list("axes"), keepDims: try p.bool("keep"), correction: try p.int("correction"))
    ]
  },
  "std": { x, p in
    [
      x[0].standardDeviation(
        axes: try p.list("axes"), keepDims: try p.bool("keep"), correction: try p.int("correction"))
    ]
  },
  "cumsum": { x, p in [x[0].cumulativeSum(axis: try p.int("axis"))] },
  "argmax": { x, p in [x[0].argmax(axis: try p.int("axis"))] },
  "argmin": { x, p in [x[0].argmin(axis: try p.int("axis"))] },
  "gather": { x, p in [x[0].gather(axis: try p.int("axis"), indices: x[1])] },
  "scatter_add": { x, p in [x[0].scatterAdd(axis: try p.int("axis"), indices: x[1], source: x[2])] },
  "index_select": { x, p in [x[0].indexSelected(axis: try p.int("axis"), indices: x[1])] },
  "sort": { x, p in
    let result = x[0].sorted(axis: try p.int("axis"), descending: try p.bool("descending"))
    return [result.values, result.indices]
  },
  "topk": { x, p in
    let result = x[0].topK(try p.int("k"), axis: try p.int("axis"), largest: try p.bool("largest"))
    return [result.values, result.indices]
  },
  "concatenate": { x, p in [Tensor.concatenate(x, axis: try p.int("axis"))] },
  "stack": { x, p in [Tensor.stack(x, axis: try p.int("axis"))] },
  "pad": { x, p in [x[0].padded(try p.pairs("widths"), value: Float(try p.number("value")))] },
  "tile": { x, p in [x[0].tiled(try p.list("repeats"))] },
  "flip": { x, p in [x[0].flipped(try p.list("axes"))] },
  "tril": { x, p in [x[0].tril(diagonal: try p.int("diagonal"))] },
  "triu": { x, p in [x[0].triu(diagonal: try p.int("diagonal"))] },
]
