import Foundation
import Lathe
import LatheNN

/// Finds the best tags of a sentence among those that a scheme allows (Viterbi, 1967), and how probable each is.
public struct TagDecoder: Sendable {
  private let count: Int
  private let starts: [Double]
  private let ends: [Double]
  /// Row by row; -infinity for pairs that are not allowed.
  private let transitions: [Double]

  /// A decoder of tags.
  ///
  /// - Parameters:
  ///   - tags: The tags, in the order of scores.
  ///   - scheme: Which may stand where; any where nil.
  ///   - starts: The score of each as the first; 0 where nil.
  ///   - ends: The score of each as the last; 0 where nil.
  ///   - transitions: The score of each with the one behind it, row by row; 0 where nil.
  public init(
    tags: [String], scheme: TagScheme?, starts: [Double]? = nil, ends: [Double]? = nil,
    transitions: [Double]? = nil
  ) {
    count = tags.count
    require(
      count > 0 && (starts?.count ?? count) == count && (ends?.count ?? count) == count
        && (transitions?.count ?? count * count) == count * count,
      "TagDecoder: \(count) tags with \(starts?.count ?? count) starts, \(ends?.count ?? count) ends, \(transitions?.count ?? count * count) transitions"
    )
    func score(_ scores: [Double]?, _ place: Int, _ before: String?, _ behind: String?) -> Double {
      guard scheme?.allows(before, behind) ?? true else { return -.infinity }
      return scores?[place] ?? 0
    }
    self.starts = tags.indices.map { score(starts, $0, nil, tags[$0]) }
    self.ends = tags.indices.map { score(ends, $0, tags[$0], nil) }
    self.transitions = tags.indices.flatMap { row in
      tags.indices.map { score(transitions, row * tags.count + $0, tags[row], tags[$0]) }
    }
  }

  /// The tags of the largest score.
  ///
  /// - Parameter scores: Of each tag at each word, row by row.
  /// - Returns: A tag's number for each word; the first of equals.
  public func best(_ scores: [Float]) -> [Int] {
    let words = self.words(scores)
    guard words > 0 else { return [] }
    var state = (0..<count).map { starts[$0] + Double(scores[$0]) }
    var from: [[Int]] = []
    for word in 1..<max(words, 1) {
      var next = [Double](repeating: -.infinity, count: count)
      var origin = [Int](repeating: 0, count: count)
      for before in 0..<count where state[before] > -.infinity {
        for tag in 0..<count {
          let value = state[before] + transitions[before * count + tag]
          if value > next[tag] { (next[tag], origin[tag]) = (value, before) }
        }
      }
      for tag in 0..<count { next[tag] += Double(scores[word * count + tag]) }
      state = next
      from.append(origin)
    }
    let last = (0..<count).map { state[$0] + ends[$0] }
    var tag = last.indices.reduce(0) { last[$1] > last[$0] ? $1 : $0 }
    var path = [tag]
    for origin in from.reversed() {
      tag = origin[tag]
      path.append(tag)
    }
    return path.reversed()
  }

  /// How probable each tag is at each word, over all sequences that are allowed.
  ///
  /// - Parameter scores: Of each tag at each word, row by row.
  /// - Returns: Row by row.
  public func probabilities(_ scores: [Float]) -> [Double] {
    let words = self.words(scores)
    guard words > 0 else { return [] }
    let values = scores.map(Double.init)
    var forward = (0..<count).map { starts[$0] + values[$0] }
    for word in 1..<max(words, 1) {
      for tag in 0..<count {
        let sum = logSum((0..<count).map { forward[(word - 1) * count + $0] + transitions[$0 * count + tag] })
        forward.append(sum + values[word * count + tag])
      }
    }
    var backward = ends
    let total = logSum((0..<count).map { forward[(words - 1) * count + $0] + ends[$0] })
    var result = [Double](repeating: 0, count: words * count)
    for word in stride(from: words - 1, through: 0, by: -1) {
      for tag in 0..<count {
        result[word * count + tag] = exp(forward[word * count + tag] + backward[tag] - total)
      }
      guard word > 0 else { break }
      backward = (0..<count).map { before in
        logSum(
          (0..<count).map {
            transitions[before * count + $0] + values[word * count + $0] + backward[$0]
          })
      }
    }
    return result
  }

  private func words(_ scores: [Float]) -> Int {
    require(scores.count % count == 0, "TagDecoder: \(scores.count) scores of \(count) tags")
    return scores.count / count
  }

  private func logSum(_ values: [Double]) -> Double {
    let largest = values.max() ?? -.infinity
    guard largest > -.infinity else { return largest }
    return largest + log(values.reduce(0) { $0 + exp($1 - largest) })
  }
}

extension TagDecoder {
  /// A decoder with the scores of a chain as they are now.
  ///
  /// - Throws: `LatheError` where the device fails.
  public init(tags: [String], scheme: TagScheme?, chain: LinearChainCRF) throws {
    self.init(
      tags: tags, scheme: scheme, starts: try chain.starts.value.scalars(as: Float.self).map(Double.init),
      ends: try chain.ends.value.scalars(as: Float.self).map(Double.init),
      transitions: try chain.transitions.value.scalars(as: Float.self).map(Double.init))
  }
}
