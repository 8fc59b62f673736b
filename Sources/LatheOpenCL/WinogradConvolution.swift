#if OpenCL
  import LatheCore

  /// A convolution that winograd_cpu.cl computes, or one that gives the gradient of another's input: with the filter turned
  /// round and the channels of both sides exchanged.
  struct WinogradConvolution {
    /// Images, and the channels of what is read and written.
    let images: Int, channels: Int, outputChannels: Int
    /// The sides of what is read and written, and the zeros around what is read.
    let height: Int, width: Int, outputHeight: Int, outputWidth: Int
    let paddingY: Int, paddingX: Int
    let isTurned: Bool

    /// Nil where it is no 3x3 of step 1, where results are no whole tiles, where there are too few of them, or channels too
    /// few, for the way to tiles and back to pay, or where a single image would take too much memory.
    init?(_ s: Convolution2D, backward: Bool = false) {
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
      guard outputHeight % 4 == 0, outputWidth % 4 == 0, images * tilesOfImage >= 6,
        bytesOfImage <= 256 << 20
      else { return nil }
    }

    static let points = 36

    var tilesOfImage: Int { outputHeight / 4 * (outputWidth / 4) }
    /// Products of a point's matrices.
    var filterSize: Int { channels * outputChannels }

    /// Bytes of the points of an image on both sides.
    private var bytesOfImage: Int { Self.points * 4 * (channels + outputChannels) * tilesOfImage }

    /// Images of each chunk: so many that their tiles on both sides take some megabytes, in which products are at their
    /// fastest, and that lie evenly.
    var imagesOfChunk: Int {
      let most = max(1, (24 << 20) / bytesOfImage)
      return ceilingDivide(images, ceilingDivide(images, most))
    }
  }
#endif
