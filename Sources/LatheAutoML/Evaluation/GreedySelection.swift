import LatheCore
import LatheLearn

/// The parts by which weights of an ensemble are chosen, each tried on rows that it was not chosen by.
package struct EnsembleParts {
  package struct Part {
    /// Places of answers to try weights on.
    package let tested: [Int]
    /// Places of answers to choose them by: others of the same division, since another one has the same rows.
    package let others: [Int]
  }

  package let all: [Part]

  init(_ rows: FoldedRows) {
    self.init((0..<rows.divisions).map { rows.splits[rows.parts(ofDivision: $0)].map(\.test.count) })
  }

  /// - Parameter divisions: Of each division how many rows each part has, whose answers follow each other.
  package init(_ divisions: [[Int]]) {
    var parts: [Part] = []
    var first = 0
    for sizes in divisions {
      let count = sizes.reduce(0, +)
      // Of rows that were tested on once, as where there are very many, every fifth is a part.
      var groups = [[Int]](repeating: [], count: sizes.count == 1 ? 5 : sizes.count)
      if sizes.count == 1 {
        for place in 0..<count { groups[place % 5].append(first + place) }
      } else {
        var next = first
        for (group, size) in sizes.enumerated() {
          groups[group] = Array(next..<next + size)
          next += size
        }
      }
      for group in groups where !group.isEmpty {
        let own = Set(group)
        parts.append(Part(tested: group, others: (first..<first + count).filter { !own.contains($0) }))
      }
      first += count
    }
    all = parts
  }
}

/// Weights of models whose mean is better than they are (Caruana et al., 2004), on average over several draws of the models.
package struct GreedySelection {
  private let answers: [[Double]]
  private let known: [Double]
  private let classes: Int
  private static let rounds = 20
  /// With more rows a part of them says enough.
  private static let mostRows = 50_000

  package init(_ answers: [[Double]], _ known: [Double], classes: Int) {
    (self.answers, self.known, self.classes) = (answers, known, classes)
  }

  /// Weights by the rows at some places, which add up to one.
  package func weights(_ places: [Int]) -> [Double] {
    let step = max(1, places.count / Self.mostRows)
    let used = step == 1 ? places : stride(from: 0, to: places.count, by: step).map { places[$0] }
    // With few rows which model comes first is chance: several draws of half of the models, each with a choice of its own.
    let draws = answers.count < 4 ? 1 : max(1, min(10, 20_000 / max(1, used.count)))
    // For classes the probability of the true one is all that counts.
    let own = answers.map { list in
      classes > 0 ? used.map { list[$0 * classes + Int(known[$0])] } : used.map { list[$0] - known[$0] }
    }
    var random = RandomSource(seed: 42)
    var sum = [Double](repeating: 0, count: answers.count)
    // The best one takes part in each draw, so that draws without it do not give its weight to worse ones.
    let none = [Double](repeating: 0, count: used.count)
    let losses = own.map { loss(none, $0, 1) }
    let best = losses.indices.min { losses[$0] < losses[$1] } ?? 0
    for _ in 0..<draws {
      var models = Array(answers.indices)
      if draws > 1 {
        random.shuffle(&models)
        models = Set(models.prefix((answers.count + 1) / 2) + [best]).sorted()
      }
      for (place, count) in counts(own, models) { sum[place] += count / Double(draws) }
    }
    return sum
  }

  /// How much each of some models counts, together one.
  private func counts(_ own: [[Double]], _ models: [Int]) -> [Int: Double] {
    var sum = [Double](repeating: 0, count: own[0].count)
    var chosen: [Int] = []
    var best = (loss: Double.infinity, length: 0)
    for round in 1...Self.rounds {
      var found: (loss: Double, place: Int)?
      for place in models {
        let loss = loss(sum, own[place], Double(round))
        if loss < found?.loss ?? .infinity { found = (loss, place) }
      }
      guard let found else { break }
      for i in sum.indices { sum[i] += own[found.place][i] }
      chosen.append(found.place)
      if found.loss < best.loss { best = (found.loss, chosen.count) }
    }
    let kept = chosen.prefix(best.length)
    guard !kept.isEmpty else { return [models[0]: 1] }
    return Dictionary(kept.map { ($0, 1 / Double(kept.count)) }, uniquingKeysWith: +)
  }

  /// The log loss or the mean squared error of a mean with one answer more.
  private func loss(_ sum: [Double], _ more: [Double], _ count: Double) -> Double {
    var loss = 0.0
    if classes == 0 {
      for i in sum.indices {
        let difference = (sum[i] + more[i]) / count
        loss += difference * difference
      }
    } else {
      for i in sum.indices { loss -= logarithm(max((sum[i] + more[i]) / count, 1e-6)) }
    }
    return loss / Double(sum.count)
  }
}
