import Lathe

/// A convolution of sample values and its gradients, one element at a time in float64.
struct ConvolutionReference {
  let x = SampleValues(1)
  let filter = SampleValues(2)
  let bias = SampleValues(3)
  let upstream = SampleValues(4)
  private let sizes: ConvolutionSuite.Sizes

  init(_ sizes: ConvolutionSuite.Sizes) { self.sizes = sizes }

  private func inputPlace(_ image: Int, _ channel: Int, _ row: Int, _ column: Int) -> Int? {
    guard (0..<sizes.size).contains(row), (0..<sizes.size).contains(column) else { return nil }
    return ((image * sizes.channels + channel) * sizes.size + row) * sizes.size + column
  }

  private func outputPlace(_ image: Int, _ filter: Int, _ row: Int, _ column: Int) -> Int {
    ((image * sizes.filters + filter) * sizes.outputSize + row) * sizes.outputSize + column
  }

  private func filterPlace(_ filter: Int, _ channel: Int, _ row: Int, _ column: Int) -> Int {
    ((filter * sizes.groupChannels + channel) * sizes.kernel + row) * sizes.kernel + column
  }

  /// The first input channel of a filter's group.
  private func firstChannel(_ filter: Int) -> Int {
    filter / (sizes.filters / sizes.groups) * sizes.groupChannels
  }

  func outputError(_ y: Tensor) throws -> Double {
    let side = sizes.outputSize
    return try RelativeError.of(y, at: SamplePlaces(256, of: y.count)) { place in
      let (image, f) = (place / (side * side * sizes.filters), place / (side * side) % sizes.filters)
      let (row, column) = (place / side % side, place % side)
      var sum = sizes.hasBias ? bias.double(f) : 0
      for c in 0..<sizes.groupChannels {
        for i in 0..<sizes.kernel {
          for j in 0..<sizes.kernel {
            guard
              let from = inputPlace(
                image, firstChannel(f) + c, row * sizes.stride - sizes.padding + i,
                column * sizes.stride - sizes.padding + j)
            else { continue }
            sum += x.double(from) * filter.double(filterPlace(f, c, i, j))
          }
        }
      }
      return sum
    }
  }

  func filterError(_ gradient: Tensor) throws -> Double {
    let area = sizes.kernel * sizes.kernel
    return try RelativeError.of(gradient, at: SamplePlaces(24, of: gradient.count)) { place in
      let (f, c) = (place / (area * sizes.groupChannels), place / area % sizes.groupChannels)
      let (i, j) = (place / sizes.kernel % sizes.kernel, place % sizes.kernel)
      var sum = 0.0
      forEachOutput(filter: f) { image, row, column, g in
        let from = inputPlace(
          image, firstChannel(f) + c, row * sizes.stride - sizes.padding + i,
          column * sizes.stride - sizes.padding + j)
        if let from { sum += g * x.double(from) }
      }
      return sum
    }
  }

  func biasError(_ gradient: Tensor) throws -> Double {
    try RelativeError.of(gradient, at: SamplePlaces(8, of: gradient.count)) { f in
      var sum = 0.0
      forEachOutput(filter: f) { _, _, _, g in sum += g }
      return sum
    }
  }

  func inputError(_ gradient: Tensor) throws -> Double {
    let side = sizes.size
    let groupFilters = sizes.filters / sizes.groups
    return try RelativeError.of(gradient, at: SamplePlaces(256, of: gradient.count)) { place in
      let (image, channel) = (place / (side * side * sizes.channels), place / (side * side) % sizes.channels)
      let (y, x) = (place / side % side, place % side)
      let (group, c) = channel.quotientAndRemainder(dividingBy: sizes.groupChannels)
      var sum = 0.0
      for i in 0..<sizes.kernel {
        for j in 0..<sizes.kernel {
          let (top, left) = (y + sizes.padding - i, x + sizes.padding - j)
          guard top >= 0, left >= 0, top % sizes.stride == 0, left % sizes.stride == 0,
            top / sizes.stride < sizes.outputSize, left / sizes.stride < sizes.outputSize
          else { continue }
          for f in group * groupFilters..<(group + 1) * groupFilters {
            sum +=
              upstream.double(outputPlace(image, f, top / sizes.stride, left / sizes.stride))
              * filter.double(filterPlace(f, c, i, j))
          }
        }
      }
      return sum
    }
  }

  private func forEachOutput(filter f: Int, _ body: (_ image: Int, _ row: Int, _ column: Int, Double) -> Void)
  {
    for image in 0..<sizes.batch {
      for row in 0..<sizes.outputSize {
        for column in 0..<sizes.outputSize {
          body(image, row, column, upstream.double(outputPlace(image, f, row, column)))
        }
      }
    }
  }
}
