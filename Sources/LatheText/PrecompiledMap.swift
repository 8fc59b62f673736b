import LatheCore

/// The map of characters that SentencePiece's models hold: a double array of prefixes, and what they become.
struct PrecompiledMap: Sendable {
  private let units: [UInt32]
  private let texts: [UInt8]
  /// The text as it was read, for writing.
  let encoded: String

  /// - Throws: `LatheError.format` for text that is no such map.
  init(base64: String) throws {
    encoded = base64
    guard let bytes = Base64.decode(base64) else {
      throw LatheError(.format, "precompiled_charsmap is no base64 text")
    }
    guard bytes.count >= 4 else { throw LatheError(.format, "precompiled_charsmap ends early") }
    let size = Int(bytes[0]) | Int(bytes[1]) << 8 | Int(bytes[2]) << 16 | Int(bytes[3]) << 24
    guard size % 4 == 0, size <= bytes.count - 4 else {
      throw LatheError(
        .format, "precompiled_charsmap says that its trie has \(size) bytes, but \(bytes.count - 4) follow")
    }
    units = stride(from: 4, to: 4 + size, by: 4).map {
      UInt32(bytes[$0]) | UInt32(bytes[$0 + 1]) << 8 | UInt32(bytes[$0 + 2]) << 16 | UInt32(bytes[$0 + 3])
        << 24
    }
    texts = Array(bytes[(4 + size)...])
    guard String(validating: texts, as: UTF8.self) != nil else {
      throw LatheError(.format, "precompiled_charsmap holds invalid UTF-8")
    }
  }

  /// What a text becomes, by its shortest prefix in the map; nil where there is none.
  private func value(_ key: UnsafeBufferPointer<UInt8>) -> [UInt32]? {
    func offset(_ unit: UInt32) -> Int { Int(unit >> 10) << Int((unit & 1 << 9) >> 6) }
    guard let first = units.first else { return nil }
    var place = offset(first)
    for byte in key where byte != 0 {
      place ^= Int(byte)
      guard place < units.count else { return nil }
      let unit = units[place]
      guard unit & (1 << 31 | 0xFF) == UInt32(byte) else { return nil }
      place ^= offset(unit)
      if unit >> 8 & 1 == 1 {
        guard place < units.count else { return nil }
        let start = Int(units[place] & 0x7FFF_FFFF)
        guard start <= texts.count else { return nil }
        let end = texts[start...].firstIndex(of: 0) ?? texts.count
        return String(decoding: texts[start..<end], as: UTF8.self).unicodeScalars.map(\.value)
      }
    }
    return nil
  }

  /// Changes a text: clusters of a few bytes as a whole where the map has them, else scalar by scalar.
  func apply(_ work: NormalizerWork) {
    let text = work.text
    var isChanged = false
    // Clusters are what the format is defined by; no other step looks at them.
    let clusters = String(decoding: UnsafeBufferPointer(start: text.bytes, count: text.count), as: UTF8.self)
    var changes: [(UInt32, Int32)] = []
    func replace(_ count: Int, by value: [UInt32]) {
      isChanged = true
      changes += value.map { ($0, 0) }
      let surplus = value.count - count
      if surplus > 0 { for place in changes.indices.suffix(surplus) { changes[place].1 = 1 } }
      if surplus < 0, let last = changes.indices.last { changes[last].1 += Int32(surplus) }
    }
    var place = 0
    for cluster in clusters {
      let length = cluster.utf8.count
      let end = place + length
      if length < 6, let value = value(UnsafeBufferPointer(start: text.bytes + place, count: length)) {
        replace(cluster.unicodeScalars.count, by: value)
        place = end
        continue
      }
      while place < end {
        let (scalar, count) = UTF8Bytes.scalar(text.bytes, place)
        if let value = value(UnsafeBufferPointer(start: text.bytes + place, count: count)) {
          replace(1, by: value)
        } else {
          changes.append((scalar, 0))
        }
        place += count
      }
    }
    guard isChanged else { return }
    work.transform { _, result in
      result.clear()
      for (scalar, change) in changes { result.append(scalar, change) }
    }
  }
}
