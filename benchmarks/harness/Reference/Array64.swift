import Foundation
import Lathe

/// A dense float64 array and the layers that networks are made of, to compute their losses independently of Lathe.
struct Array64 {
  var shape: [Int]
  var values: [Double]

  init(_ shape: [Int], _ values: [Double]) {
    precondition(shape.reduce(1, *) == values.count, "Array64: \(values.count) values for \(shape)")
    self.shape = shape
    self.values = values
  }

  /// A tensor's values.
  init(_ tensor: Tensor) throws {
    self.init(Array(tensor.shape), try tensor.hostValues().map(Double.init))
  }

  /// This plus a multiple of another.
  func adding(_ factor: Double, _ other: [Double]) -> Array64 {
    Array64(shape, zip(values, other).map { $0 + factor * $1 })
  }

  static func + (a: Array64, b: Array64) -> Array64 { Array64(a.shape, zip(a.values, b.values).map(+)) }

  func tanh() -> Array64 { Array64(shape, values.map { Foundation.tanh($0) }) }

  func relu() -> Array64 { Array64(shape, values.map { max($0, 0) }) }

  func gelu() -> Array64 { Array64(shape, values.map(ElementwiseSuite.gelu)) }

  /// By tanh, as GPT-2 has it.
  func geluTanh() -> Array64 {
    Array64(
      shape,
      values.map {
        0.5 * $0 * (1 + Foundation.tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0)))
      })
  }

  /// The same elements in another shape.
  func reshaped(_ shape: [Int]) -> Array64 { Array64(shape, values) }

  /// x W^T + b over the last axis.
  func linear(_ weight: Array64, _ bias: Array64) -> Array64 {
    let (outputs, inputs) = (weight.shape[0], weight.shape[1])
    let rows = values.count / inputs
    let result = [Double](unsafeUninitializedCapacity: rows * outputs) { buffer, count in
      values.withUnsafeBufferPointer { x in
        weight.values.withUnsafeBufferPointer { w in
          for row in 0..<rows {
            for column in 0..<outputs {
              var sum = bias.values[column]
              for i in 0..<inputs { sum += x[row * inputs + i] * w[column * inputs + i] }
              buffer[row * outputs + column] = sum
            }
          }
        }
      }
      count = rows * outputs
    }
    return Array64(shape.dropLast() + [outputs], result)
  }

  /// A convolution of [n, c, h, w] with [f, c, k, k].
  func conv2D(_ filter: Array64, bias: Array64? = nil, stride: Int = 1, padding: Int = 0) -> Array64 {
    let (images, channels, height, width) = (shape[0], shape[1], shape[2], shape[3])
    let (filters, kernel) = (filter.shape[0], filter.shape[2])
    let outHeight = (height + 2 * padding - kernel) / stride + 1
    let outWidth = (width + 2 * padding - kernel) / stride + 1
    var result = [Double](repeating: 0, count: images * filters * outHeight * outWidth)
    result.withUnsafeMutableBufferPointer { y in
      values.withUnsafeBufferPointer { x in
        for image in 0..<images {
          for f in 0..<filters {
            let plane = (image * filters + f) * outHeight * outWidth
            if let bias { for i in 0..<outHeight * outWidth { y[plane + i] = bias.values[f] } }
            for c in 0..<channels {
              for i in 0..<kernel {
                for j in 0..<kernel {
                  let w = filter.values[((f * channels + c) * kernel + i) * kernel + j]
                  for row in 0..<outHeight {
                    let from = row * stride - padding + i
                    guard from >= 0, from < height else { continue }
                    let source = ((image * channels + c) * height + from) * width - padding + j
                    // The columns whose source lies inside the image.
                    let first = max(0, (padding - j + stride - 1) / stride)
                    let last = min(outWidth, (width - 1 + padding - j) / stride + 1)
                    guard first < last else { continue }
                    let target = plane + row * outWidth
                    for column in first..<last { y[target + column] += w * x[source + column * stride] }
                  }
                }
              }
            }
          }
        }
      }
    }
    return Array64([images, filters, outHeight, outWidth], result)
  }

  /// The largest of each 2 x 2 window.
  func maxPool() -> Array64 {
    let (height, width) = (shape[2] / 2, shape[3] / 2)
    var result: [Double] = []
    result.reserveCapacity(shape[0] * shape[1] * height * width)
    for plane in 0..<shape[0] * shape[1] {
      for row in 0..<height {
        for column in 0..<width {
          let corner = (plane * shape[2] + 2 * row) * shape[3] + 2 * column
          result.append(
            max(
              values[corner], values[corner + 1], values[corner + shape[3]],
              values[corner + shape[3] + 1]))
        }
      }
    }
    return Array64([shape[0], shape[1], height, width], result)
  }

  /// The mean of each plane: [n, c, h, w] to [n, c].
  func globalAverage() -> Array64 {
    let area = shape[2] * shape[3]
    return Array64(
      [shape[0], shape[1]],
      (0..<shape[0] * shape[1]).map { values[$0 * area..<($0 + 1) * area].reduce(0, +) / Double(area) })
  }

  /// The mean over the middle axis: [n, t, d] to [n, d].
  func meanOverMiddle() -> Array64 {
    let (length, width) = (shape[1], shape[2])
    return Array64(
      [shape[0], width],
      (0..<shape[0] * width).map { place in
        let start = place / width * length * width + place % width
        return (0..<length).reduce(0) { $0 + values[start + $1 * width] } / Double(length)
      })
  }

  /// The mean cross-entropy of rows of logits.
  func crossEntropy(_ labels: [Int]) -> Double {
    let classes = shape[1]
    return labels.enumerated().reduce(0) { sum, row in
      let logits = values[row.offset * classes..<(row.offset + 1) * classes]
      return sum + log(logits.reduce(0) { $0 + exp($1) }) - logits[logits.startIndex + row.element]
    } / Double(labels.count)
  }
}
