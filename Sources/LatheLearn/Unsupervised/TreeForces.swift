import LatheCPU
import LatheCore

/// The forces of t-SNE where neighbours pull by themselves and far points push together (van der Maaten, 2014).
struct TreeForces: PictureForces {
  /// Of each row the first of its neighbours, and the end.
  private let starts: [Int]
  private let places: [Int32]
  /// How near they are; all together 1.
  private let shares: [Double]
  private let width: Int
  private let theta: Double

  init(_ x: DenseRows, _ perplexity: Double, width: Int, theta: Double) {
    (self.width, self.theta) = (width, theta)
    let n = x.rows
    // As scikit-learn, three times as many neighbours as the perplexity.
    let count = min(n - 1, Int(3 * perplexity + 1))
    let lists = RowDistances.map(x) { row, distances in
      let near = Trustworthiness.nearest(distances, count, but: row)
      return (near, TSNE.shares(near.map { distances[$0] }, perplexity))
    }
    var both = [[(place: Int32, share: Double)]](repeating: [], count: n)
    for (row, list) in lists.enumerated() {
      for (other, share) in zip(list.0, list.1) {
        both[row].append((Int32(other), share))
        both[other].append((Int32(row), share))
      }
    }
    var (starts, places, shares): ([Int], [Int32], [Double]) = ([0], [], [])
    for row in 0..<n {
      for (place, share) in both[row].sorted(by: { $0.place < $1.place }) {
        if places.count > starts[row], places.last == place {
          shares[shares.count - 1] += share
        } else {
          places.append(place)
          shares.append(share)
        }
      }
      starts.append(places.count)
    }
    let total = max(shares.reduce(0, +), 1e-300)
    self.starts = starts
    self.places = places
    self.shares = shares.map { $0 / total }
  }

  /// What pulls and pushes points, and the sum of nearness over all pairs.
  private func forces(_ y: [Double]) -> (pull: [Double], push: [Double], total: Double) {
    let n = starts.count - 1
    let tree = BarnesHutTree(y, width: width)
    var pull = [Double](repeating: 0, count: y.count)
    var push = pull
    var sums = [Double](repeating: 0, count: n)
    pull.withUnsafeMutableBufferPointer { pull in
      push.withUnsafeMutableBufferPointer { push in
        sums.withUnsafeMutableBufferPointer { sums in
          nonisolated(unsafe) let (pull, push, sums) = (pull, push, sums)
          ThreadPool.shared.parallelFor(n, grain: 64) { range in
            var open: [Int32] = []
            y.withUnsafeBufferPointer { y in
              guard let points = y.baseAddress, let to = push.baseAddress else { return }
              for i in range {
                sums[i] = tree.push(points + i * width, theta: theta, into: to + i * width, &open)
                for edge in starts[i]..<starts[i + 1] {
                  let j = Int(places[edge])
                  var square = 0.0
                  for k in 0..<width {
                    let distance = y[i * width + k] - y[j * width + k]
                    square += distance * distance
                  }
                  let factor = shares[edge] / (1 + square)
                  for k in 0..<width { pull[i * width + k] += factor * (y[i * width + k] - y[j * width + k]) }
                }
              }
            }
          }
        }
      }
    }
    return (pull, push, max(sums.reduce(0, +), 1e-300))
  }

  func gradient(_ y: [Double], _ factor: Double) -> [Double] {
    let (pull, push, total) = forces(y)
    return pull.indices.map { 4 * (factor * pull[$0] - push[$0] / total) }
  }

  func divergence(_ y: [Double]) -> Double {
    let total = forces(y).total
    var sum = 0.0
    for i in 0..<starts.count - 1 {
      for edge in starts[i]..<starts[i + 1] where shares[edge] > 0 {
        var square = 0.0
        for k in 0..<width {
          let distance = y[i * width + k] - y[Int(places[edge]) * width + k]
          square += distance * distance
        }
        sum += shares[edge] * logarithm(shares[edge] * (1 + square) * total)
      }
    }
    return sum
  }
}
