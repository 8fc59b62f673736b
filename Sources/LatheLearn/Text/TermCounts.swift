import LatheCPU
import LatheTables

/// The terms of some texts behind each other: for each text the numbers of its terms, and how often each is there.
struct TermCounts: Sendable {
  /// Where each text begins.
  var starts: [Int] = [0]
  var terms: [Int32] = []
  var counts: [Int32] = []

  /// Counts terms in parts of the texts side by side, and gives those that are the same one number.
  ///
  /// - Returns: The counts of each part, with numbers of the table of all terms.
  static func find(
    _ texts: TextValues, _ configuration: CountVectorizer.Configuration
  ) -> (parts: [TermCounts], table: TermTable) {
    let ranges = parts(texts)
    var found = [(counts: TermCounts, table: TermTable)](
      repeating: (TermCounts(), TermTable()), count: ranges.count)
    found.withUnsafeMutableBufferPointer { found in
      let found = found
      ThreadPool.shared.parallelFor(ranges.count, grain: 1) {
        for part in $0 {
          var table = TermTable(capacity: 1 << 14)
          var counts = TermCounts()
          counts.count(texts, ranges[part], configuration) { table.insert($0) }
          found[part] = (counts, table)
        }
      }
    }
    var table = TermTable(capacity: 2 * (found.map(\.table.count).max() ?? 0))
    for part in found.indices {
      let own = found[part].table
      let numbers = own.bytes.withUnsafeBufferPointer { bytes in
        (0..<own.count).map {
          Int32(table.insert(UnsafeBufferPointer(rebasing: bytes[own.starts[$0]..<own.starts[$0 + 1]])))
        }
      }
      for i in found[part].counts.terms.indices {
        found[part].counts.terms[i] = numbers[Int(found[part].counts.terms[i])]
      }
    }
    return (found.map(\.counts), table)
  }

  /// Counts the terms that a table has.
  static func find(
    _ texts: TextValues, _ configuration: CountVectorizer.Configuration, in table: TermTable
  ) -> [TermCounts] {
    let ranges = parts(texts)
    var found = [TermCounts](repeating: TermCounts(), count: ranges.count)
    found.withUnsafeMutableBufferPointer { found in
      let found = found
      ThreadPool.shared.parallelFor(ranges.count, grain: 1) {
        for part in $0 { found[part].count(texts, ranges[part], configuration) { table.find($0) ?? -1 } }
      }
    }
    return found
  }

  /// Texts of about as many bytes in each part; which they are depends on the texts alone.
  private static func parts(_ texts: TextValues) -> [Range<Int>] {
    let bytes = texts.indices.reduce(0) { $0 + texts.utf8($1).count }
    let size = max(1 << 16, bytes / 16 + 1)
    var ranges: [Range<Int>] = []
    var (first, sum) = (0, 0)
    for text in texts.indices {
      sum += texts.utf8(text).count
      if sum >= size || text == texts.count - 1 {
        ranges.append(first..<text + 1)
        (first, sum) = (text + 1, 0)
      }
    }
    return ranges
  }

  @inline(__always)
  private mutating func count(
    _ texts: TextValues, _ range: Range<Int>, _ configuration: CountVectorizer.Configuration,
    _ number: (UnsafeBufferPointer<UInt8>) -> Int
  ) {
    var scanner = TermScanner(configuration)
    // Where a term's count of the present text is.
    var places: [Int32] = []
    for text in range {
      let first = terms.count
      scanner.scan(texts.utf8(text)) { term in
        let number = number(term)
        guard number >= 0 else { return }
        while number >= places.count {
          places.append(contentsOf: repeatElement(-1, count: max(1024, places.count)))
        }
        let place = Int(places[number])
        if place >= first, terms[place] == number {
          counts[place] += 1
        } else {
          places[number] = Int32(terms.count)
          terms.append(Int32(number))
          counts.append(1)
        }
      }
      starts.append(terms.count)
    }
  }
}
