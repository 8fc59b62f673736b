import Foundation

extension Array64 {
  /// Normalises groups of elements, `place(group, i)` saying where element i of a group lies.
  private func normalized(
    groups: Int, count: Int, place: (_ group: Int, _ element: Int) -> Int,
    scaled: (_ value: Double, _ place: Int) -> Double
  ) -> Array64 {
    var result = values
    for group in 0..<groups {
      var sum = 0.0
      for i in 0..<count { sum += values[place(group, i)] }
      let mean = sum / Double(count)
      var squares = 0.0
      for i in 0..<count { squares += (values[place(group, i)] - mean) * (values[place(group, i)] - mean) }
      let scale = 1 / (squares / Double(count) + 1e-5).squareRoot()
      for i in 0..<count {
        let at = place(group, i)
        result[at] = scaled((values[at] - mean) * scale, at)
      }
    }
    return Array64(shape, result)
  }

  /// Batch normalisation of [n, c, h, w] by its own statistics.
  func batchNorm(_ weight: Array64, _ bias: Array64) -> Array64 {
    let channels = shape[1]
    let area = shape[2] * shape[3]
    return normalized(
      groups: channels, count: shape[0] * area,
      place: { channel, i in (i / area * channels + channel) * area + i % area },
      scaled: { value, place in
        value * weight.values[place / area % channels] + bias.values[place / area % channels]
      })
  }

  /// Layer normalisation over the last axis.
  func layerNorm(_ weight: Array64, _ bias: Array64) -> Array64 {
    let width = weight.values.count
    return normalized(
      groups: values.count / width, count: width, place: { row, i in row * width + i },
      scaled: { value, place in value * weight.values[place % width] + bias.values[place % width] })
  }

  /// Multi-head attention of [n, t, 3 d], q, k and v side by side, to [n, t, d].
  func attention(heads: Int) -> Array64 {
    let (images, length, width) = (shape[0], shape[1], shape[2] / 3)
    let size = width / heads
    let scale = 1 / Double(size).squareRoot()
    var result = [Double](repeating: 0, count: images * length * width)
    for image in 0..<images {
      for head in 0..<heads {
        func start(_ row: Int, _ part: Int) -> Int {
          (image * length + row) * 3 * width + part * width + head * size
        }
        for row in 0..<length {
          let q = start(row, 0)
          let scores = (0..<length).map { other in
            let k = start(other, 1)
            return exp((0..<size).reduce(0) { $0 + values[q + $1] * values[k + $1] } * scale)
          }
          let sum = scores.reduce(0, +)
          for (other, score) in scores.enumerated() {
            let v = start(other, 2)
            for i in 0..<size {
              result[(image * length + row) * width + head * size + i] += score / sum * values[v + i]
            }
          }
        }
      }
    }
    return Array64([images, length, width], result)
  }
}
