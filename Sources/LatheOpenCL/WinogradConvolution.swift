#if OpenCL
  import LatheCore

  /// A convolution that winograd_cpu.cl or winograd_gpu.cl computes, or one that gives the gradient of another's input: with the filter turned
  /// round and the channels of both sides exchanged.
  struct WinogradConvolution {
    /// Images, and the channels of what is read and written.
    let images: Int, channels: Int, outputChannels: Int
    /// The sides of what is read and written, and the zeros around what is read.
    let height: Int, width: Int, outputHeight: Int, outputWidth: Int
    let paddingY: Int, paddingX: Int
    let isTurned: Bool

    /// Nil where it is no 3x3 of step 1, where there are too few channels for the way to tiles and back to pay, or where a single
    /// image would take too much memory.
    init?(any s: Convolution2D, backward: Bool) {
      guard s.kernelHeight == 3, s.kernelWidth == 3, s.groups == 1, s.strideY == 1, s.strideX == 1,
        s.dilationY == 1, s.dilationX == 1, s.channels >= 32, s.outputChannels >= 32
      else { return nil }
      images = s.batch
      isTurned = backward
      if backward {
        guard s.paddingY <= 2, s.paddingX <= 2 else { return nil }
        (channels, outputChannels) = (s.outputChannels, s.channels)
        (height, width, outputHeight, outputWidth) = (s.outputHeight, s.outputWidth, s.height, s.width)
        (paddingY, paddingX) = (2 - s.paddingY, 2 - s.paddingX)
      } else {
        (channels, outputChannels) = (s.channels, s.outputChannels)
        (height, width, outputHeight, outputWidth) = (s.height, s.width, s.outputHeight, s.outputWidth)
        (paddingY, paddingX) = (s.paddingY, s.paddingX)
      }
      guard bytesOfImage <= 256 << 20 else { return nil }
    }

    /// For the kernels of CPUs; nil also where results are no whole tiles, or too few of them.
    init?(_ s: Convolution2D, backward: Bool = false) {
      self.init(any: s, backward: backward)
      guard outputHeight % 4 == 0, outputWidth % 4 == 0, images * tilesOfImage >= 6 else { return nil }
    }

    /// For the kernels of GPUs; nil also where so little is to be done that a launch is most of it, and where the plain sums are
    /// estimated to take less time.
    init?(onGPU s: Convolution2D, backward: Bool, computeUnits: Int) {
      self.init(any: s, backward: backward)
      let products = 9 * filterSize * images * outputHeight * outputWidth
      guard products >= Self.leastProducts * computeUnits, filterSize <= 1 << 20, pays else { return nil }
    }

    /// Multiply-adds of a plain convolution for each compute unit: some 20 microseconds of them.
    private static let leastProducts = 4_000_000

    /// Whether this way is estimated to take less time on a GPU than the plain sums.
    ///
    /// GPUs make 14 floating-point operations (H200) and more for each byte that they read or write; kernels reach about 0.7
    /// of the one and 0.85 of the other. Both ways compute whole tiles of 64 results on 64 channels.
    private var pays: Bool {
      let channels = Double(channels), outputs = Double(outputChannels)
      let tiles = Double(images * tilesOfImage), pixels = Double(images * outputHeight * outputWidth)
      func padded(_ size: Double) -> Double { (size / 64).rounded(.up) * 64 }
      func arithmetic(_ products: Double) -> Double { 2 * products / (0.7 * 14) }
      let plain = arithmetic(9 * channels * padded(outputs) * padded(pixels))
      let points = Double(Self.points) * 4
      let bytes =
        channels * (4 * Double(images * height * width) + 2 * points * tiles)
        + outputs * (2 * points * tiles + 4 * pixels) + 2 * points * channels * outputs
      let byTiles =
        arithmetic(Double(Self.points) * channels * padded(outputs) * padded(tiles)) + bytes / 0.85
      return byTiles * 1.1 < plain
    }

    static let points = 36

    var tilesAcross: Int { ceilingDivide(outputWidth, 4) }
    var tilesDown: Int { ceilingDivide(outputHeight, 4) }
    var tilesOfImage: Int { tilesDown * tilesAcross }
    /// Products of a point's matrices.
    var filterSize: Int { channels * outputChannels }

    /// Bytes of the points of an image on both sides.
    private var bytesOfImage: Int { Self.points * 4 * (channels + outputChannels) * tilesOfImage }

    /// Images of each chunk: so many that their tiles on both sides take at most so many bytes, in which products are at their
    /// fastest, and that lie evenly.
    func imagesOfChunk(bytes: Int) -> Int {
      let most = max(1, bytes / bytesOfImage)
      return ceilingDivide(images, ceilingDivide(images, most))
    }
  }
#endif
