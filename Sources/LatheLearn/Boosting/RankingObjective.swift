import LatheCPU
import LatheCore

/// LambdaMART: pairs of rows of one query, weighted by what exchanging them changes of NDCG.
struct RankingObjective: BoostingObjective {
  let targets: [Int]
  let weights: [Double]?
  /// Where each query's rows begin, and behind the last one the number of rows.
  let starts: [Int]
  let truncation: Int
  /// 1 / the largest DCG of each query.
  private let inverseBest: [Double]
  var outputs: Int { 1 }

  init(targets: [Int], weights: [Double]?, groups: [Int], truncation: Int) {
    self.targets = targets
    self.weights = weights
    self.truncation = truncation
    var starts = [0]
    for group in groups { starts.append(starts[starts.count - 1] + group) }
    self.starts = starts
    inverseBest = groups.indices.map { query in
      let best = Ranking.bestDCG(targets[starts[query]..<starts[query + 1]], truncation: truncation)
      return best > 0 ? 1 / best : 0
    }
  }

  func initialScores() -> [Double] { [0] }

  func derivatives(
    scores: UnsafeBufferPointer<Double>, gradients: UnsafeMutableBufferPointer<Float>,
    hessians: UnsafeMutableBufferPointer<Float>
  ) {
    ThreadPool.shared.parallelFor(starts.count - 1, grain: 4) { queries in
      for query in queries {
        let rows = starts[query]..<starts[query + 1]
        let (lambdas, curvatures) = pairs(of: rows, scores: scores, inverseBest: inverseBest[query])
        for (i, row) in rows.enumerated() {
          let weight = weights?[row] ?? 1
          gradients[row] = Float(lambdas[i] * weight)
          hessians[row] = Float(curvatures[i] * weight)
        }
      }
    }
  }

  private func pairs(
    of rows: Range<Int>, scores: UnsafeBufferPointer<Double>, inverseBest: Double
  ) -> ([Double], [Double]) {
    let first = rows.lowerBound
    var lambdas = [Double](repeating: 0, count: rows.count)
    var curvatures = lambdas
    let order = rows.indices.map { $0 - first }.sorted {
      (scores[first + $1], $0) < (scores[first + $0], $1)
    }
    guard let best = order.first, let worst = order.last else { return (lambdas, curvatures) }
    let differ = scores[first + best] != scores[first + worst]
    var sum = 0.0
    for i in 0..<min(max(rows.count - 1, 0), truncation) {
      for j in i + 1..<rows.count {
        let (a, b) = (order[i], order[j])
        let (labelA, labelB) = (targets[first + a], targets[first + b])
        if labelA == labelB { continue }
        let (high, low) = labelA > labelB ? (a, b) : (b, a)
        let difference = scores[first + high] - scores[first + low]
        let gap = Ranking.gain(max(labelA, labelB)) - Ranking.gain(min(labelA, labelB))
        var change = gap * abs(Ranking.discount(i) - Ranking.discount(j)) * inverseBest
        if differ { change /= 0.01 + abs(difference) }
        let p = logistic(-difference)
        let lambda = p * change
        lambdas[low] += lambda
        lambdas[high] -= lambda
        curvatures[low] += p * (1 - p) * change
        curvatures[high] += p * (1 - p) * change
        sum += 2 * lambda
      }
    }
    if sum > 0 {
      let factor = logarithm(1 + sum) / logarithm(2) / sum
      for i in lambdas.indices {
        lambdas[i] *= factor
        curvatures[i] *= factor
      }
    }
    return (lambdas, curvatures)
  }
}

/// What scores of rankings are made of.
enum Ranking {
  /// 2^label - 1.
  static func gain(_ label: Int) -> Double { power(2, Double(label)) - 1 }
  /// 1 / log2(place + 2), for places from 0 on.
  static func discount(_ place: Int) -> Double { logarithm(2) / logarithm(Double(place) + 2) }

  /// The DCG of the best order.
  static func bestDCG(_ labels: ArraySlice<Int>, truncation: Int) -> Double {
    labels.sorted(by: >).prefix(truncation).enumerated().reduce(0) {
      $0 + gain($1.element) * discount($1.offset)
    }
  }
}
