import Foundation
import Lathe

/// Softmax, log-softmax and cross-entropy.
enum SoftmaxSuite {
  static var workloads: [Workload] {
    [
      softmax(4096, 4096, isQuick: true, hasPeers: true), softmaxBackward(4096, 4096, hasPeers: true),
      softmax(65536, 128), crossEntropy(2048, 10_000),
    ]
  }

  private static let low: Float = -4
  private static let high: Float = 4

  /// The softmax of one row of sample values.
  private static func row(_ values: SampleValues, _ row: Int, _ columns: Int) -> [Double] {
    let numbers = (0..<columns).map { exp(values.double(row * columns + $0)) }
    let sum = numbers.reduce(0, +)
    return numbers.map { $0 / sum }
  }

  private static func softmax(
    _ rows: Int, _ columns: Int, isQuick: Bool = false, hasPeers: Bool = false
  ) -> Workload {
    Workload(
      .softmax, "softmax-forward", "\(rows)x\(columns)", parameters: ["rows": rows, "columns": columns],
      work: .traffic(Double(2 * rows * columns * 4)), isQuick: isQuick, hasPeers: hasPeers
    ) { device in
      let values = SampleValues(1, low: low, high: high)
      let x = try values.tensor([rows, columns], on: device)
      return Trial(run: { try x.softmax().computed() }) {
        try rowError(x.softmax(), rows, columns) { row(values, $0, columns) }
      }
    }
  }

  private static func softmaxBackward(_ rows: Int, _ columns: Int, hasPeers: Bool) -> Workload {
    Workload(
      .softmax, "softmax-backward", "\(rows)x\(columns)", parameters: ["rows": rows, "columns": columns],
      work: .traffic(Double(3 * rows * columns * 4)), hasPeers: hasPeers
    ) { device in
      let (values, upstreams) = (SampleValues(1, low: low, high: high), SampleValues(2))
      let x = try values.tensor([rows, columns], on: device).requiringGradient()
      let upstream = try upstreams.tensor([rows, columns], on: device)
      let y = x.softmax()
      let gradient = { y.gradients(of: [x], upstream: upstream, retainingGraph: true)[0] }
      return Trial(run: { try gradient().computed() }) {
        try rowError(gradient(), rows, columns) { index in
          let y = row(values, index, columns)
          let g = (0..<columns).map { upstreams.double(index * columns + $0) }
          let dot = zip(y, g).reduce(0) { $0 + $1.0 * $1.1 }
          return zip(y, g).map { $0 * ($1 - dot) }
        }
      }
    }
  }

  private static func crossEntropy(_ rows: Int, _ classes: Int) -> Workload {
    Workload(
      .softmax, "cross-entropy-forward-backward", "\(rows)x\(classes)",
      work: .traffic(Double(3 * rows * classes * 4))
    ) { device in
      let values = SampleValues(1, low: low, high: high)
      let labels = (0..<rows).map { Int32(SampleValues(2).integer($0, below: classes)) }
      let x = try values.tensor([rows, classes], on: device).requiringGradient()
      let target = try Tensor(labels, device: device).computed()
      let gradient = { x.crossEntropy(target).gradient(of: x) }
      return Trial(run: { try gradient().computed() }) {
        try rowError(gradient(), rows, classes) { index in
          var result = row(values, index, classes)
          result[Int(labels[index])] -= 1
          return result.map { $0 / Double(rows) }
        }
      }
    }
  }

  /// The error of a matrix in some of its rows.
  static func rowError(
    _ tensor: Tensor, _ rows: Int, _ columns: Int, _ reference: (Int) -> [Double]
  ) throws -> Double {
    var error = RelativeError()
    let values = try tensor.hostValues()
    for row in SamplePlaces(8, of: rows).places {
      for (column, expected) in reference(row).enumerated() {
        error.add(values[row * columns + column], expected)
      }
    }
    return error.value
  }
}
