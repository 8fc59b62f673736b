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
}
