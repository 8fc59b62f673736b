import LatheCore
import LatheTables

/// Categories as their parts of the rows; an unknown one is none of them.
public struct FrequencyEncoder: Sendable, Hashable, Codable {
  /// The categories of each column.
  public let categories: Categories
  /// The part of the rows of each, for each column a list.
  public let shares: [[Double]]

  /// Learns from columns of texts or anything else that can be written as text.
  public init(fit columns: [Column]) throws {
    let categories = Categories(fit: columns)
    self.categories = categories
    shares = try columns.indices.map { number in
      var counts = [Double](repeating: 0, count: categories.lists[number].count)
      for place in try categories.places(columns[number], number, .ignore) {
        if let place { counts[place] += 1 }
      }
      return counts.map { $0 / Double(max(1, columns[number].count)) }
    }
  }

  var isSound: Bool { categories.isSound && shares.map(\.count) == categories.lists.map(\.count) }

  /// A column of parts for each column.
  public func transform(_ columns: [Column]) throws -> FeatureMatrix {
    categories.check(columns)
    let rows = columns.first?.count ?? 0
    var values = [Double](repeating: 0, count: rows * columns.count)
    for (number, column) in columns.enumerated() {
      for (row, place) in try categories.places(column, number, .ignore).enumerated() {
        if let place { values[row * columns.count + number] = shares[number][place] }
      }
    }
    return FeatureMatrix(values, rows: rows, columns: columns.count, names: columns.map(\.name))
  }
}

/// Categories in columns that a hash chooses, without a list of them: scikit-learn's `FeatureHasher` of rows whose keys are
/// the columns' names.
public struct FeatureHasher: Sendable, Hashable, Codable {
  /// How many columns it takes.
  public let columns: Int
  /// How many columns it makes.
  public let features: Int
  /// Whether half of the categories count -1, so that those in one column rather cancel out than add up.
  public let alternatesSign: Bool

  var isSound: Bool { columns >= 0 && features >= 1 && features < 1 << 24 }

  /// For a number of columns.
  ///
  /// - Throws: `LatheError.invalidArgument` for no features at all.
  public init(columns: Int, features: Int = 256, alternatesSign: Bool = true) throws {
    guard features >= 1, features < 1 << 24 else {
      throw LatheError(.invalidArgument, "hashing: \(features) features; 1..<\(1 << 24) are possible")
    }
    (self.columns, self.features, self.alternatesSign) = (columns, features, alternatesSign)
  }

  /// Columns of counts; a missing value counts nowhere.
  public func transform(_ columns: [Column]) -> FeatureMatrix {
    require(columns.count == self.columns, "the hasher knows \(self.columns) columns, not \(columns.count)")
    let rows = columns.first?.count ?? 0
    var values = [Double](repeating: 0, count: rows * features)
    for column in columns {
      for (row, text) in column.strings().enumerated() {
        guard let text else { continue }
        let (place, sign) = Self.place("\(column.name)=\(text)", features)
        values[row * features + place] += alternatesSign ? sign : 1
      }
    }
    return FeatureMatrix(
      values, rows: rows, columns: features, names: (0..<features).map { "hash_\($0)" })
  }

  static func place(_ text: String, _ features: Int) -> (Int, Double) {
    let hash = Int32(bitPattern: MurmurHash3.hash(Array(text.utf8)))
    let size =
      hash == .min ? (Int(Int32.max) - (features - 1)) % features : Int(abs(hash)) % features
    return (size, hash >= 0 ? 1 : -1)
  }
}

/// MurmurHash3 of 32 bits (Appleby).
enum MurmurHash3 {
  static func hash(_ bytes: [UInt8], seed: UInt32 = 0) -> UInt32 {
    func mixed(_ word: UInt32) -> UInt32 {
      let k = word &* 0xcc9e_2d51
      return (k << 15 | k >> 17) &* 0x1b87_3593
    }
    var h = seed
    let blocks = bytes.count / 4
    for i in 0..<blocks {
      let word = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[4 * i + $1]) << UInt32(8 * $1) }
      h ^= mixed(word)
      h = (h << 13 | h >> 19) &* 5 &+ 0xe654_6b64
    }
    let rest = bytes[(4 * blocks)...]
    if !rest.isEmpty {
      h ^= mixed(rest.enumerated().reduce(UInt32(0)) { $0 | UInt32($1.element) << UInt32(8 * $1.offset) })
    }
    h ^= UInt32(truncatingIfNeeded: bytes.count)
    h = (h ^ h >> 16) &* 0x85eb_ca6b
    h = (h ^ h >> 13) &* 0xc2b2_ae35
    return h ^ h >> 16
  }
}
