import Foundation

/// Where a text stops being JSON.
enum JSONFault {
  /// What the reader of JSON found, with the line in place of the character's number.
  static func text(_ error: any Error, in content: Data) -> String {
    let cause = (error as NSError).userInfo["NSDebugDescription"] as? String ?? "it cannot be parsed"
    let sentence = cause.hasSuffix(".") ? String(cause.dropLast()) : cause
    let mark = " around character "
    guard let found = sentence.range(of: mark), let place = Int(sentence[found.upperBound...]) else {
      return "\(sentence), on line \(line(content.count, in: content))"
    }
    return "\(sentence[..<found.lowerBound]) on line \(line(place, in: content))"
  }

  private static func line(_ place: Int, in content: Data) -> Int {
    content.prefix(place).count { $0 == UInt8(ascii: "\n") } + 1
  }
}
