import LatheCore
import LatheTables

/// A column in few bins, each with its weight of evidence: the logarithm of its share of good rows over its share of bad ones.
public struct ScorecardBins: Sendable, Hashable, Codable {
  /// One bin.
  public struct Bin: Sendable, Hashable, Codable {
    /// Values above this, of a column of numbers; nil for no bound.
    public var above: Double?
    /// Values up to this, of a column of numbers; nil for no bound.
    public var atMost: Double?
    /// The texts of the bin, of other columns; rare and unknown ones belong to the bin of no texts.
    public var texts: [String]
    /// Whether it holds missing values.
    public var isMissing: Bool
    /// Good rows.
    public var good: Double
    /// Bad rows.
    public var bad: Double
    /// ln(share of good rows / share of bad rows).
    public var evidence: Double

    /// What the bin holds, in words.
    public var words: String {
      if isMissing { return "missing" }
      if !texts.isEmpty { return texts.joined(separator: ", ") }
      switch (above, atMost) {
      case (let low?, let high?): return "\(ShortNumber.text(low)) < x <= \(ShortNumber.text(high))"
      case (let low?, nil): return "x > \(ShortNumber.text(low))"
      case (nil, let high?): return "x <= \(ShortNumber.text(high))"
      case (nil, nil): return "others"
      }
    }
  }

  /// The column.
  public let column: String
  /// Whether it holds numbers.
  public let isNumeric: Bool
  /// The bins; numbers rise.
  public let bins: [Bin]

  /// How much the column tells good from bad: below 0.02 nothing, above 0.5 suspiciously much (Siddiqi, 2006).
  public var informationValue: Double {
    let (good, bad) = (bins.reduce(0) { $0 + $1.good }, bins.reduce(0) { $0 + $1.bad })
    return bins.reduce(0) { $0 + ($1.good / good - $1.bad / bad) * $1.evidence }
  }

  /// Bins of a column.
  ///
  /// - Parameters:
  ///   - isGood: Whether each row is good; both kinds are there.
  ///   - most: The most bins besides that of missing values.
  ///   - leastShare: The least part of the rows in a bin.
  ///   - isMonotone: Whether the evidence of numbers must rise or fall all the way.
  init(
    _ rows: Table, _ place: Int, isGood: [Bool], most: Int, leastShare: Double, isMonotone: Bool
  ) throws {
    column = rows.columnNames[place]
    isNumeric = rows.isNumeric(place)
    let least = leastShare * Double(isGood.count)
    let totals = (good: Double(isGood.count { $0 }), bad: Double(isGood.count { !$0 }))
    var missing = Bin(texts: [], isMissing: true, good: 0, bad: 0, evidence: 0)
    var found: [Bin] = []
    if isNumeric {
      let values = try rows.numbers(place)
      for (value, good) in zip(values, isGood) where value.isNaN { missing.count(good) }
      found = Self.numberBins(values, isGood)
      Self.merge(&found, most: most, least: least, totals, isMonotone: isMonotone)
    } else {
      var byText: [String: Bin] = [:]
      for (text, good) in zip(rows.columns[place].strings(), isGood) {
        guard let text else {
          missing.count(good)
          continue
        }
        byText[text, default: Bin(texts: [text], isMissing: false, good: 0, bad: 0, evidence: 0)].count(good)
      }
      let all = byText.sorted { $0.key < $1.key }.map(\.value)
      var others = Bin(texts: [], isMissing: false, good: 0, bad: 0, evidence: 0)
      for bin in all where bin.rows < least {
        others.good += bin.good
        others.bad += bin.bad
      }
      found = all.filter { $0.rows >= least }.sorted { $0.rate < $1.rate }
      // Categories of nearly the same rate are one bin.
      while found.count > most {
        let k = (0..<found.count - 1).min { found.gap($0) < found.gap($1) } ?? 0
        found.join(k)
      }
      if others.rows > 0 { found.append(others) }
    }
    if missing.rows > 0 { found.append(missing) }
    bins = found.map { $0.weighed(totals) }
  }

  /// Twenty bins of about equally many rows.
  private static func numberBins(_ values: [Double], _ isGood: [Bool]) -> [Bin] {
    let sorted = values.filter { !$0.isNaN }.sorted()
    var cuts: [Double] = []
    for k in 1..<20 where !sorted.isEmpty {
      let cut = sorted[min(sorted.count - 1, k * sorted.count / 20)]
      if cut != cuts.last, cut < sorted[sorted.count - 1] { cuts.append(cut) }
    }
    guard !sorted.isEmpty else { return [] }
    var bins = (0...cuts.count).map {
      Bin(
        above: $0 > 0 ? cuts[$0 - 1] : nil, atMost: $0 < cuts.count ? cuts[$0] : nil, texts: [],
        isMissing: false, good: 0, bad: 0, evidence: 0)
    }
    for (value, good) in zip(values, isGood) where !value.isNaN {
      bins[cuts.firstIndex { value <= $0 } ?? cuts.count].count(good)
    }
    return bins
  }

  /// Joins neighbours that are small, alike, or out of order.
  private static func merge(
    _ bins: inout [Bin], most: Int, least: Double, _ totals: (good: Double, bad: Double), isMonotone: Bool
  ) {
    while bins.count > 1 {
      // A column that tells all rows apart keeps two bins.
      if bins.count > 2, bins.allSatisfy({ $0.good == 0 || $0.bad == 0 }) {
        bins.join((0..<bins.count - 1).min { bins.gap($0) < bins.gap($1) } ?? 0)
      } else if let small = bins.indices.first(where: {
        bins[$0].rows < least || bins.count > 2 && (bins[$0].good == 0 || bins[$0].bad == 0)
      }) {
        let left = small > 0 ? bins.gap(small - 1) : .infinity
        let right = small + 1 < bins.count ? bins.gap(small) : .infinity
        bins.join(left <= right ? small - 1 : small)
      } else if bins.count > most {
        bins.join((0..<bins.count - 1).min { bins.gap($0) < bins.gap($1) } ?? 0)
      } else if isMonotone, bins.count > 2 {
        let steps = (0..<bins.count - 1).map { bins[$0 + 1].rate - bins[$0].rate }
        let (up, down) = (steps.count { $0 > 0 }, steps.count { $0 < 0 })
        if up == 0 || down == 0 { return }
        let rises = bins[bins.count - 1].rate >= bins[0].rate
        // The least of the steps in the other direction.
        let wrong = steps.indices.filter { rises ? steps[$0] < 0 : steps[$0] > 0 }
        bins.join(wrong.min { abs(steps[$0]) < abs(steps[$1]) } ?? 0)
      } else {
        return
      }
    }
  }

  /// The place of each row's bin; nil of a value that says nothing: missing where none was in training, or a text that was not
  /// there.
  func places(_ table: Table) throws -> [Int?] {
    try places(table.columns[table.place(of: column)])
  }

  /// The evidence of columns, each by its bins.
  static func evidence(_ bins: [ScorecardBins], _ columns: [Column]) throws -> FeatureMatrix {
    let lists = try zip(bins, columns).map { own, column in
      try own.places(column).map { $0.map { own.bins[$0].evidence } ?? 0 }
    }
    return FeatureMatrix(
      lists.flatMap { $0 }, rows: columns.first?.count ?? 0, columns: columns.count, order: .columnMajor,
      names: columns.map(\.name))
  }

  private func places(_ values: Column) throws -> [Int?] {
    let missing = bins.firstIndex(where: \.isMissing)
    if isNumeric {
      return try values.cast(to: .float64).numbers().map { value in
        if value.isNaN { return missing }
        return bins.firstIndex { !$0.isMissing && value <= ($0.atMost ?? .infinity) } ?? 0
      }
    }
    var known: [String: Int] = [:]
    for (k, bin) in bins.enumerated() { for text in bin.texts { known[text] = k } }
    let others = bins.firstIndex { $0.texts.isEmpty && !$0.isMissing }
    return values.strings().map { text in text.map { known[$0] ?? others } ?? missing }
  }
}

extension ScorecardBins.Bin {
  fileprivate var rows: Double { good + bad }
  fileprivate var rate: Double { bad / max(good + bad, 1) }

  fileprivate mutating func count(_ isGood: Bool) { if isGood { good += 1 } else { bad += 1 } }

  /// The bin with its evidence; half a row is added to both kinds where one has none.
  fileprivate func weighed(_ totals: (good: Double, bad: Double)) -> Self {
    var result = self
    let more = good == 0 || bad == 0 ? 0.5 : 0
    result.evidence = logarithm((good + more) / totals.good / ((bad + more) / totals.bad))
    return result
  }
}

extension [ScorecardBins.Bin] {
  /// How much the rates of a bin and of the next one differ.
  fileprivate func gap(_ k: Int) -> Double { abs(self[k].rate - self[k + 1].rate) }

  /// Makes a bin and the next one a single one.
  fileprivate mutating func join(_ k: Int) {
    let next = remove(at: k + 1)
    self[k].atMost = next.atMost
    self[k].texts = (self[k].texts + next.texts).sorted()
    self[k].good += next.good
    self[k].bad += next.bad
  }
}
