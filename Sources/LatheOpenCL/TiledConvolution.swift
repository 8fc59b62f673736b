#if OpenCL
  import LatheCore

  /// A convolution as the kernels of convolution_gpu.cl and convolution_depthwise_gpu.cl take it: forward, or backward to the input.
  struct TiledConvolution {
    let batch: Int
    let groups: Int
    /// Of one group: the target's channels and the source's.
    let rows: Int, channels: Int
    private let sizes: Convolution2D
    let backward: Bool
    /// Of the source and the filter (or dy), and of the target.
    let operands: StoredType, results: StoredType

    init(_ sizes: Convolution2D, backward: Bool, operands: DType, results: DType) {
      self.sizes = sizes
      (self.operands, self.results) = (StoredType(operands), StoredType(results))
      self.backward = backward
      (batch, groups) = (sizes.batch, sizes.groups)
      let (inside, outside) = (sizes.channels / groups, sizes.outputChannels / groups)
      (rows, channels) = backward ? (inside, outside) : (outside, inside)
    }

    /// Whether tiles on matrix units are filled well enough; a filter's gradient reads columns of sixteen channels.
    func suitsUnits(isGradient: Bool) -> Bool {
      rows >= 16 && channels >= 16 && (!isGradient || channels % 16 == 0)
    }

    var taps: Int { sizes.kernelHeight * sizes.kernelWidth }
    var paddedRows: Int { roundedUp(rows, to: 4) }
    var target: (height: Int, width: Int) {
      backward ? (sizes.height, sizes.width) : (sizes.outputHeight, sizes.outputWidth)
    }
    private var source: (height: Int, width: Int) {
      backward ? (sizes.outputHeight, sizes.outputWidth) : (sizes.height, sizes.width)
    }
    var targetPlane: Int { target.height * target.width }

    /// Pixels of the target that read neighbours of the source at a tap, and the pixels of the largest such phase.
    var phases: Int { backward ? sizes.strideY * sizes.strideX : 1 }
    var pixels: Int {
      guard backward else { return batch * targetPlane }
      return batch * ceilingDivide(target.height, sizes.strideY) * ceilingDivide(target.width, sizes.strideX)
    }

    /// Whether four pixels that follow each other lie so in memory, aligned.
    var isVector: Bool { phases == 1 && targetPlane % 4 == 0 }

    /// What every kernel is built with.
    var options: KernelOptions {
      var options: KernelOptions = ["BACKWARD": backward ? 1 : 0]
      options.set(operands: operands, results: results)
      return options
    }

    /// Steps of the filter's group, row and channel.
    var filterSteps: [Int] {
      let all = rows * channels * taps
      return backward ? [all, taps, rows * taps] : [all, channels * taps, taps]
    }

    /// `sizes`, `taps`, `planes` and `steps` of the kernels.
    func arguments() throws -> [KernelArgument] {
      let largest = max(
        pixels, source.height * source.width, targetPlane, groups * taps * channels * paddedRows)
      guard largest <= Int(Int32.max) / 2 else {
        throw LatheError.unsupported("a convolution of \(largest) pixels or weights at once")
      }
      return [
        .ints([batch, groups, rows, channels]),
        .ints([sizes.kernelHeight, sizes.kernelWidth, sizes.dilationY, sizes.dilationX]),
        .ints([target.height, target.width, source.height, source.width]),
        .ints([sizes.strideY, sizes.strideX, sizes.paddingY, sizes.paddingX]),
      ]
    }
  }
#endif
