import LatheCore
import Testing

import LatheCPU

@Suite struct ConvolutionTests {
  /// Calls `body` for every product of the convolution with the indices of y, x and the filter.
  private func forEachProduct(_ s: Convolution2D, _ body: (_ y: Int, _ x: Int, _ filter: Int) -> Void) {
    let inputs = s.channels / s.groups
    for n in 0..<s.batch {
      for o in 0..<s.outputChannels {
        let group = o / (s.outputChannels / s.groups)
        for oy in 0..<s.outputHeight {
          for ox in 0..<s.outputWidth {
            for c in 0..<inputs {
              for ky in 0..<s.kernelHeight {
                let iy = oy * s.strideY - s.paddingY + ky * s.dilationY
                if iy < 0 || iy >= s.height { continue }
                for kx in 0..<s.kernelWidth {
                  let ix = ox * s.strideX - s.paddingX + kx * s.dilationX
                  if ix < 0 || ix >= s.width { continue }
                  body(
                    ((n * s.outputChannels + o) * s.outputHeight + oy) * s.outputWidth + ox,
                    ((n * s.channels + group * inputs + c) * s.height + iy) * s.width + ix,
                    ((o * inputs + c) * s.kernelHeight + ky) * s.kernelWidth + kx)
                }
              }
            }
          }
        }
      }
    }
  }

  private func check(_ sizes: Convolution2D, tolerance: Double = 2e-6) throws {
    var s = sizes
    s.hasBias = true
    s.activation = .relu
    let depth = s.channels / s.groups * s.kernelHeight * s.kernelWidth
    let pixels = s.outputHeight * s.outputWidth
    var numbers = Numbers(7)
    let x = numbers.floats(s.batch * s.channels * s.height * s.width)
    let filter = numbers.floats(s.outputChannels * depth)
    let bias = numbers.floats(s.outputChannels)
    let dy = numbers.floats(s.batch * s.outputChannels * pixels)
    var y = dy.indices.map { Double(bias[$0 / pixels % s.outputChannels]) }
    var dx = [Double](repeating: 0, count: x.count)
    var dfilter = [Double](repeating: 0, count: filter.count)
    forEachProduct(s) { i, j, k in
      y[i] += Double(x[j]) * Double(filter[k])
      dx[j] += Double(dy[i]) * Double(filter[k])
      dfilter[k] += Double(dy[i]) * Double(x[j])
    }
    let operands = (try Kernel.operand(x), try Kernel.operand(filter), try Kernel.operand(dy))
    let forward = try Kernel.run(
      .convolution(s), [operands.0, operands.1, try Kernel.operand(bias)], count: y.count)
    expectClose(
      forward, y.map { max($0, 0) }, tolerance: tolerance, scale: Double(depth).squareRoot(), "forward \(s)")
    let backwardInput = try Kernel.run(
      .convolutionBackwardInput(s), [operands.2, operands.1], count: dx.count)
    let taps = s.outputChannels / s.groups * s.kernelHeight * s.kernelWidth
    expectClose(
      backwardInput, dx, tolerance: tolerance, scale: Double(taps).squareRoot(), "backward input \(s)")
    let backwardFilter = try Kernel.run(
      .convolutionBackwardFilter(s), [operands.2, operands.0], count: dfilter.count)
    expectClose(
      backwardFilter, dfilter, tolerance: tolerance, scale: Double(s.batch * pixels).squareRoot(),
      "backward filter \(s)")
  }

  private func sizes(
    batch: Int, _ channels: Int, to outputs: Int, groups: Int = 1, image: (Int, Int), kernel: (Int, Int),
    stride: (Int, Int) = (1, 1), padding: (Int, Int) = (0, 0), dilation: (Int, Int) = (1, 1)
  ) -> Convolution2D {
    Convolution2D(
      batch: batch, channels: channels, height: image.0, width: image.1, outputChannels: outputs,
      groups: groups, kernelHeight: kernel.0, kernelWidth: kernel.1, strideY: stride.0, strideX: stride.1,
      paddingY: padding.0, paddingX: padding.1, dilationY: dilation.0, dilationX: dilation.1,
      outputHeight: (image.0 + 2 * padding.0 - dilation.0 * (kernel.0 - 1) - 1) / stride.0 + 1,
      outputWidth: (image.1 + 2 * padding.1 - dilation.1 * (kernel.1 - 1) - 1) / stride.1 + 1)
  }

  @Test func leNet() throws {
    try check(sizes(batch: 3, 1, to: 10, image: (28, 28), kernel: (5, 5)))
    try check(sizes(batch: 9, 10, to: 20, image: (12, 12), kernel: (5, 5)))
  }

  @Test func residualNetworks() throws {
    try check(sizes(batch: 2, 33, to: 31, image: (16, 16), kernel: (3, 3), padding: (1, 1)))
    try check(sizes(batch: 3, 32, to: 64, image: (7, 7), kernel: (3, 3), padding: (1, 1)))
    try check(sizes(batch: 1, 64, to: 65, image: (8, 8), kernel: (3, 3), stride: (2, 2), padding: (1, 1)))
    try check(sizes(batch: 2, 40, to: 24, image: (9, 9), kernel: (1, 1)))
    try check(sizes(batch: 2, 40, to: 24, image: (9, 9), kernel: (1, 1), stride: (2, 2)))
    try check(sizes(batch: 1, 3, to: 16, image: (40, 41), kernel: (7, 7), stride: (2, 2), padding: (3, 3)))
  }

  @Test func anySizes() throws {
    for (image, kernel) in [((1, 1), (1, 1)), ((7, 5), (3, 2)), ((13, 31), (2, 5)), ((6, 65), (4, 3))] {
      for stride in [(1, 1), (2, 1), (2, 3), (1, 2)] {
        for padding in [(0, 0), (1, 2), (2, 0)] {
          for dilation in [(1, 1), (2, 1), (1, 3)] {
            let s = sizes(
              batch: 2, 3, to: 5, image: image, kernel: kernel, stride: stride, padding: padding,
              dilation: dilation)
            if s.outputHeight > 0 && s.outputWidth > 0 { try check(s) }
          }
        }
      }
    }
  }

  @Test func groups() throws {
    for stride in [1, 2] {
      for (channels, outputs, groups) in [(6, 4, 2), (6, 6, 6), (4, 8, 4), (30, 30, 3), (17, 17, 17)] {
        try check(
          sizes(
            batch: 2, channels, to: outputs, groups: groups, image: (11, 19), kernel: (3, 3),
            stride: (stride, stride), padding: (1, 1)))
      }
    }
  }

  @Test func largeBatchesAreCutIntoSlices() throws {
    try check(sizes(batch: 70, 2, to: 3, image: (6, 7), kernel: (3, 3), padding: (1, 1)))
    try check(sizes(batch: 33, 3, to: 7, image: (30, 30), kernel: (2, 2)))
    try check(sizes(batch: 1, 2, to: 3, image: (65, 64), kernel: (3, 3), padding: (1, 1)))
  }

  /// Copies with padding hold some rows of such images, and none where a panel belongs to two of them.
  @Test func largeImagesWithPadding() throws {
    try check(sizes(batch: 2, 40, to: 5, image: (63, 65), kernel: (3, 3), padding: (1, 1)))
    try check(sizes(batch: 2, 40, to: 5, image: (63, 65), kernel: (3, 3), stride: (2, 2), padding: (1, 1)))
    try check(sizes(batch: 1, 60, to: 5, groups: 5, image: (61, 70), kernel: (5, 3), padding: (2, 1)))
  }

  /// Filters whose gradient is a matrix product: parts of an image, several images, groups, and panels that are not full.
  @Test func filterGradientsAsProducts() throws {
    try check(sizes(batch: 2, 16, to: 32, image: (40, 30), kernel: (3, 3), padding: (1, 1)))
    try check(sizes(batch: 3, 20, to: 47, image: (33, 29), kernel: (3, 3), stride: (2, 2), padding: (1, 1)))
    try check(
      sizes(batch: 5, 48, to: 96, groups: 2, image: (9, 7), kernel: (3, 3), stride: (2, 1), padding: (1, 2)))
    try check(sizes(batch: 70, 36, to: 33, image: (4, 4), kernel: (1, 1), stride: (2, 2)))
    try check(sizes(batch: 2, 32, to: 60, image: (18, 18), kernel: (5, 5), padding: (2, 2)))
  }

  /// Winograd tiles, whose errors are up to ten times those of sums in order: channels that fill no vector or panel,
  /// strips of one tile and of more than a block holds, several blocks, chunks and passes over channels, and every padding.
  @Test func winogradTiles() throws {
    typealias Case = (batch: Int, channels: Int, outputs: Int, image: (Int, Int), padding: (Int, Int))
    let cases: [Case] = [
      (2, 33, 40, (16, 16), (1, 1)), (3, 64, 37, (12, 20), (1, 1)), (7, 32, 32, (8, 4), (1, 1)),
      (2, 40, 33, (14, 10), (0, 0)), (2, 32, 35, (10, 6), (2, 2)), (9, 32, 32, (4, 4), (5, 5)),
      (1, 300, 32, (16, 16), (1, 1)), (1, 32, 290, (12, 12), (1, 1)), (1, 32, 33, (4, 136), (1, 1)),
      (90, 32, 34, (8, 8), (1, 1)), (3, 36, 32, (2, 14), (2, 0)), (6, 34, 41, (4, 2), (1, 2)),
      // The gradient of x alone.
      (3, 32, 40, (8, 8), (2, 2)), (2, 32, 36, (16, 16), (0, 0)),
    ]
    for c in cases {
      try check(
        sizes(
          batch: c.batch, c.channels, to: c.outputs, image: c.image, kernel: (3, 3), padding: c.padding),
        tolerance: 1.5e-5)
    }
  }

  /// As many tiles as the filter's transformation takes to pay, and one less.
  @Test func fewWinogradTiles() throws {
    for batch in [5, 6] {
      try check(
        sizes(batch: batch, 48, to: 50, image: (4, 4), kernel: (3, 3), padding: (1, 1)), tolerance: 1.5e-5)
    }
  }

  @Test func noImages() throws {
    try check(sizes(batch: 0, 2, to: 3, image: (6, 7), kernel: (3, 3)))
  }
}
