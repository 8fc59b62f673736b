import LatheCPU
import LatheCore
import LatheTables

/// Finds sets that share most of their items: MinHash signatures, of which bands that agree make candidates, which are then
/// compared exactly.
///
/// What is found is right; of pairs at the limit of similarity one in a hundred may not be found, and of those above it fewer.
public struct NearDuplicates: Sendable {
  /// Two sets that are alike.
  public struct Pair: Sendable, Hashable {
    /// The place of the first.
    public let first: Int
    /// The place of the other, which is behind it.
    public let second: Int
    /// What both share, as a part of what they have together.
    public let similarity: Double
  }

  /// The least similarity that is found.
  public let similarity: Double
  private let seeds: [UInt64]
  private let rowsPerBand: Int
  private static let hashes = 128
  /// Sets in one band are compared with so many before them, so that a thousand alike cost no million comparisons.
  private static let mostCompared = 64

  /// - Throws: `LatheError.invalidArgument` for a similarity that is none.
  public init(similarity: Double = 0.9, seed: UInt64 = 0) throws {
    guard similarity > 0, similarity <= 1 else {
      throw LatheError(
        .invalidArgument, "near duplicates: a similarity of \(similarity); it is above 0 and at most 1")
    }
    self.similarity = similarity
    var random = RandomSource(seed: seed)
    seeds = (0..<Self.hashes).map { _ in random.next() }
    // The longest bands that still agree somewhere for 99 of 100 pairs at the limit.
    rowsPerBand =
      [32, 16, 8, 4, 2, 1].first { rows in
        let bands = Self.hashes / rows
        let agree = (0..<rows).reduce(1.0) { product, _ in product * similarity }
        return (0..<bands).reduce(1.0) { product, _ in product * (1 - agree) } <= 0.01
      } ?? 1
  }

  /// Pairs of sets that are alike, the first places first; empty sets are like nothing.
  ///
  /// - Parameter sets: Hashes of items.
  public func pairs(sets: [[UInt64]]) -> [Pair] {
    let sets = sets.map { Array(Set($0)).sorted() }
    // Equal sets are counted once, so that many copies cost no more than two.
    var firstOf: [[UInt64]: Int] = [:]
    var pairs: [Pair] = []
    var different: [Int] = []
    for (place, set) in sets.enumerated() where !set.isEmpty {
      if let first = firstOf[set] {
        pairs.append(Pair(first: first, second: place, similarity: 1))
      } else {
        firstOf[set] = place
        different.append(place)
      }
    }
    for (a, b) in candidates(different, sets) {
      let found = Self.jaccard(sets[a], sets[b])
      if found >= similarity { pairs.append(Pair(first: a, second: b, similarity: found)) }
    }
    return pairs.sorted { ($0.first, $0.second) < ($1.first, $1.second) }
  }

  private struct Link: Hashable {
    let first: Int
    let second: Int
  }

  private func candidates(_ places: [Int], _ sets: [[UInt64]]) -> [(Int, Int)] {
    let signatures = signatures(places.map { sets[$0] })
    var found: Set<Link> = []
    for band in 0..<Self.hashes / rowsPerBand {
      var buckets: [UInt64: [Int]] = [:]
      for (index, place) in places.enumerated() {
        let start = index * Self.hashes + band * rowsPerBand
        let key = signatures[start..<start + rowsPerBand].reduce(UInt64(band)) { Self.mix($0, $1) }
        for other in buckets[key, default: []].suffix(Self.mostCompared) {
          found.insert(Link(first: other, second: place))
        }
        buckets[key, default: []].append(place)
      }
    }
    return found.map { ($0.first, $0.second) }
  }

  private func signatures(_ sets: [[UInt64]]) -> [UInt64] {
    var result = [UInt64](repeating: .max, count: sets.count * Self.hashes)
    result.withUnsafeMutableBufferPointer { result in
      ThreadPool.shared.parallelFor(sets.count, grain: 16) { range in
        for index in range {
          for (number, seed) in seeds.enumerated() {
            var least = UInt64.max
            for item in sets[index] { least = min(least, Self.mix(item, seed)) }
            result[index * Self.hashes + number] = least
          }
        }
      }
    }
    return result
  }

  private static func jaccard(_ a: [UInt64], _ b: [UInt64]) -> Double {
    var (i, j, shared) = (0, 0, 0)
    while i < a.count, j < b.count {
      if a[i] == b[j] {
        shared += 1
        i += 1
        j += 1
      } else if a[i] < b[j] {
        i += 1
      } else {
        j += 1
      }
    }
    return Double(shared) / Double(a.count + b.count - shared)
  }

  private static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = (a ^ b).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    let folded = product.high ^ product.low
    let again = (folded ^ 0xD6E8_FEB8_6659_FD93).multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
    return again.high ^ again.low
  }

  // --- Items ---

  private static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
    var state: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return state
  }

  /// The pieces of a text, whatever its case and blanks: each sequence of so many characters.
  public static func pieces(of text: String, length: Int = 5) -> [UInt64] {
    let words = text.lowercased().split { $0.isWhitespace }.joined(separator: " ")
    let scalars = Array(words.unicodeScalars)
    guard !scalars.isEmpty else { return [] }
    guard scalars.count > length else { return [hash(words.utf8)] }
    return (0...scalars.count - length).map { start in
      hash(scalars[start..<start + length].lazy.flatMap { String($0).utf8 })
    }
  }

  /// What a row says: the words of texts, and other values, each with its column.
  static func items(of columns: [Column], _ row: Int) -> [UInt64] {
    columns.enumerated().flatMap { number, column -> [UInt64] in
      guard !column.isMissing(row) else { return [] }
      let text = column.text(row)
      guard column.type == .text else { return [hash("\(number)=\(text)".utf8)] }
      return text.lowercased().split { $0.isWhitespace || $0.isPunctuation }.map {
        hash("\(number):\($0)".utf8)
      }
    }
  }
}

/// Finds pictures that look alike: a hash of 64 bits, whether each of 8 x 8 fields is darker than its right neighbour.
public struct PictureHash: Sendable, Hashable {
  /// The bits.
  public let bits: UInt64

  /// The hash of grey pixels, row after row.
  ///
  /// - Throws: `LatheError.invalidArgument` where there are not as many as the size says, or fewer than 9 x 8.
  public init(pixels: [Float], width: Int, height: Int) throws {
    guard width >= 9, height >= 8, pixels.count == width * height else {
      throw LatheError(
        .invalidArgument, "picture hash: \(pixels.count) pixels of \(width) x \(height); 9 x 8 are the least")
    }
    // Means of 9 x 8 fields that cover the picture.
    var fields = [Double](repeating: 0, count: 72)
    for y in 0..<8 {
      for x in 0..<9 {
        let (rows, columns) = (y * height / 8..<(y + 1) * height / 8, x * width / 9..<(x + 1) * width / 9)
        for row in rows {
          for column in columns { fields[y * 9 + x] += Double(pixels[row * width + column]) }
        }
        fields[y * 9 + x] /= Double(rows.count * columns.count)
      }
    }
    var bits: UInt64 = 0
    for y in 0..<8 {
      for x in 0..<8 where fields[y * 9 + x] < fields[y * 9 + x + 1] { bits |= 1 << UInt64(y * 8 + x) }
    }
    self.bits = bits
  }

  /// In how many of the 64 bits two pictures differ; at most about 6 in those that look alike.
  public func distance(to other: PictureHash) -> Int { (bits ^ other.bits).nonzeroBitCount }

  /// Pairs that differ in at most so many bits, at most 15.
  ///
  /// One of `distance + 1` groups of bits must agree, so that not all pairs are compared.
  public static func pairs(_ hashes: [PictureHash], distance: Int = 6) -> [(first: Int, second: Int)] {
    let groups = max(1, min(distance, 15) + 1)
    var found: Set<[Int]> = []
    for group in 0..<groups {
      let (low, high) = (group * 64 / groups, (group + 1) * 64 / groups)
      let mask: UInt64 = high - low == 64 ? .max : (1 << UInt64(high - low) - 1) << UInt64(low)
      var buckets: [UInt64: [Int]] = [:]
      for (place, hash) in hashes.enumerated() {
        for other in buckets[hash.bits & mask, default: []] where hashes[other].distance(to: hash) <= distance
        {
          found.insert([other, place])
        }
        buckets[hash.bits & mask, default: []].append(place)
      }
    }
    return found.map { ($0[0], $0[1]) }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
  }
}
