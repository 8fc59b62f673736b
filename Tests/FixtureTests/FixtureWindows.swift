import Lathe

/// Resampling, windows, poolings and convolutions of volumes, by PyTorch's names.
let windowOperations: [String: FixtureOperation] = [
  "interpolate": { x, p in
    let modes: [String: InterpolationMode] = [
      "nearest": .nearest, "nearest-exact": .nearestExact, "linear": .linear, "bilinear": .linear,
      "trilinear": .linear, "bicubic": .cubic,
    ]
    return [
      x[0].interpolate(
        to: try p.list("size"), mode: try p.choice("mode", modes), alignCorners: try p.bool("corners"),
        antialias: try p.bool("antialias"))
    ]
  },
  "unfold": { x, p in
    [x[0].unfold(axis: try p.int("axis"), size: try p.int("size"), step: try p.int("step"))]
  },
  "unfold2d": { x, p in
    [
      x[0].unfold2D(
        kernel: try p.pair("kernel"), stride: try p.pair("stride"), padding: try p.pair("padding"),
        dilation: try p.pair("dilation"))
    ]
  },
  "fold2d": { x, p in
    [
      x[0].fold2D(
        output: try p.pair("output"), kernel: try p.pair("kernel"), stride: try p.pair("stride"),
        padding: try p.pair("padding"), dilation: try p.pair("dilation"))
    ]
  },
  "max_pool2d_windows": { x, p in
    [
      x[0].maxPool2D(
        kernel: try p.pair("kernel"), stride: try p.pair("stride"), padding: try p.pair("padding"),
        dilation: try p.pair("dilation"), ceilMode: try p.bool("ceil"))
    ]
  },
  "avg_pool2d_windows": { x, p in
    [
      x[0].averagePool2D(
        kernel: try p.pair("kernel"), stride: try p.pair("stride"), padding: try p.pair("padding"),
        countsPadding: try p.bool("counts_padding"), ceilMode: try p.bool("ceil"))
    ]
  },
  "max_pool1d_windows": { x, p in
    [
      x[0].maxPool1D(
        kernel: try p.int("kernel"), stride: try p.int("stride"), padding: try p.int("padding"),
        dilation: try p.int("dilation"), ceilMode: try p.bool("ceil"))
    ]
  },
  "avg_pool1d_windows": { x, p in
    [
      x[0].averagePool1D(
        kernel: try p.int("kernel"), stride: try p.int("stride"), padding: try p.int("padding"),
        countsPadding: try p.bool("counts_padding"), ceilMode: try p.bool("ceil"))
    ]
  },
  "lp_pool2d": { x, p in
    [
      x[0].lpPool2D(
        order: Float(try p.number("order")), kernel: try p.pair("kernel"), stride: try p.pair("stride"),
        ceilMode: try p.bool("ceil"))
    ]
  },
  "conv3d": { x, p in
    [
      x[0].conv3D(
        x[1], bias: x[2], stride: try p.triple("stride"), padding: try p.triple("padding"),
        dilation: try p.triple("dilation"), groups: try p.int("groups"))
    ]
  },
  "conv_transpose3d": { x, p in
    [
      x[0].convTranspose3D(
        x[1], bias: x[2], stride: try p.triple("stride"), padding: try p.triple("padding"),
        outputPadding: try p.triple("output_padding"), dilation: try p.triple("dilation"),
        groups: try p.int("groups"))
    ]
  },
]
