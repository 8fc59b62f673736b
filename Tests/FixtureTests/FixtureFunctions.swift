import Lathe

/// The functions of LatheNN's layers, by PyTorch's names.
let functionOperations: [String: FixtureOperation] = [
  "relu6": { x, _ in [x[0].relu6()] },
  "hard_tanh": { x, p in [x[0].hardTanh(Float(try p.number("low")), Float(try p.number("high")))] },
  "selu": { x, _ in [x[0].selu()] },
  "celu": { x, p in [x[0].celu(alpha: Float(try p.number("alpha")))] },
  "mish": { x, _ in [x[0].mish()] },
  "log_sigmoid": { x, _ in [x[0].logSigmoid()] },
  "hard_sigmoid": { x, _ in [x[0].hardSigmoid()] },
  "hard_swish": { x, _ in [x[0].hardSwish()] },
  "softsign": { x, _ in [x[0].softsign()] },
  "tanh_shrink": { x, _ in [x[0].tanhShrink()] },
  "soft_shrink": { x, p in [x[0].softShrink(Float(try p.number("limit")))] },
  "hard_shrink": { x, p in [x[0].hardShrink(Float(try p.number("limit")))] },
  "threshold": { x, p in [x[0].threshold(Float(try p.number("limit")), Float(try p.number("value")))] },
  "prelu": { x, _ in [x[0].prelu(slope: x[1])] },
  "glu": { x, p in [x[0].glu(axis: try p.int("axis"))] },
  "softmin": { x, p in [x[0].softmin(axis: try p.int("axis"))] },
  "conv1d": { x, p in
    [
      x[0].conv1D(
        x[1], bias: x[2], stride: try p.int("stride"), padding: try p.int("padding"),
        dilation: try p.int("dilation"), groups: try p.int("groups"))
    ]
  },
  "conv_transpose1d": { x, p in
    [
      x[0].convTranspose1D(
        x[1], bias: x[2], stride: try p.int("stride"), padding: try p.int("padding"),
        outputPadding: try p.int("output_padding"), dilation: try p.int("dilation"),
        groups: try p.int("groups"))
    ]
  },
  "max_pool1d": { x, p in
    [x[0].maxPool1D(kernel: try p.int("kernel"), stride: try p.int("stride"), padding: try p.int("padding"))]
  },
  "avg_pool1d": { x, p in
    [
      x[0].averagePool1D(
        kernel: try p.int("kernel"), stride: try p.int("stride"), padding: try p.int("padding"),
        countsPadding: try p.bool("counts_padding"))
    ]
  },
  "adaptive_avg_pool2d": { x, p in [x[0].adaptiveAveragePool2D(output: try p.pair("output"))] },
  "adaptive_max_pool2d": { x, p in [x[0].adaptiveMaxPool2D(output: try p.pair("output"))] },
  "adaptive_avg_pool1d": { x, p in [x[0].adaptiveAveragePool1D(output: try p.int("output"))] },
  "adaptive_max_pool1d": { x, p in [x[0].adaptiveMaxPool1D(output: try p.int("output"))] },
  "rms_norm": { x, p in [x[0].rmsNorm(weight: x[1], epsilon: Float(try p.number("epsilon")))] },
  "group_norm": { x, p in
    [
      x[0].groupNorm(
        groups: try p.int("groups"), weight: x[1], bias: x[2], epsilon: Float(try p.number("epsilon")))
    ]
  },
  "attention": { x, p in
    [
      x[0].attention(
        keys: x[1], values: x[2], mask: x.count > 3 ? x[3] : nil, isCausal: try p.bool("causal"))
    ]
  },
  "rotary": { x, p in
    let table = RotaryTable(length: x[0].shape[2], width: x[0].shape[3], device: x[0].device)
    return [x[0].rotated(by: table, interleaved: try p.bool("interleaved"))]
  },
]
