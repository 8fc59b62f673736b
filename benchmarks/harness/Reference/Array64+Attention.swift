import Foundation

extension Array64 {
  /// Multi-head attention of [n, t, d] to itself by the projections to queries, keys and values, to [n, t, d].
  func attention(
    heads: Int, _ projections: [(weight: Array64, bias: Array64)], isCausal: Bool = false
  ) -> Array64 {
    let parts = projections.map { linear($0.weight, $0.bias).values }
    let (queries, keys, contents) = (parts[0], parts[1], parts[2])
    let (images, length, width) = (shape[0], shape[1], shape[2])
    let size = width / heads
    let scale = 1 / Double(size).squareRoot()
    var result = [Double](repeating: 0, count: images * length * width)
    for image in 0..<images {
      for head in 0..<heads {
        func start(_ row: Int) -> Int { (image * length + row) * width + head * size }
        for row in 0..<length {
          let q = start(row)
          let scores = (0..<(isCausal ? row + 1 : length)).map { other in
            let k = start(other)
            return exp((0..<size).reduce(0) { $0 + queries[q + $1] * keys[k + $1] } * scale)
          }
          let sum = scores.reduce(0, +)
          for (other, score) in scores.enumerated() {
            let v = start(other)
            for i in 0..<size { result[q + i] += score / sum * contents[v + i] }
          }
        }
      }
    }
    return Array64([images, length, width], result)
  }
}
