extension WordVectorOptions.Subwords {
  /// The buckets of a word's n-grams, as fastText numbers them.
  public func buckets(of word: String) -> [Int] {
    let bytes = [0x3C] + [UInt8](word.utf8) + [0x3E]
    let starts = bytes.indices.filter { bytes[$0] & 0xC0 != 0x80 } + [bytes.count]
    let characters = starts.count - 1
    var result: [Int] = []
    for first in 0..<characters {
      for length in minLength...maxLength where first + length <= characters {
        // A mark of an end alone says nothing.
        if length == 1 && (first == 0 || first == characters - 1) { continue }
        let hash = Self.hash(bytes[starts[first]..<starts[first + length]])
        result.append(Int(hash % UInt32(buckets)))
      }
    }
    return result
  }

  /// FNV-1a of 32 bits with fastText's slip: bytes above 127 are taken as negative numbers.
  private static func hash(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var hash: UInt32 = 2_166_136_261
    for byte in bytes {
      hash ^= UInt32(bitPattern: Int32(Int8(bitPattern: byte)))
      hash = hash &* 16_777_619
    }
    return hash
  }
}
