/// Texts as lists of Unicode scalars.
///
/// The tools whose figures these are compare scalar by scalar, while Swift's strings take `é` and `e` with an accent for equal.
typealias Scalars = [UInt32]

extension Scalars {
  /// The scalars of a text.
  init(_ text: String) { self = text.unicodeScalars.map(\.value) }

  /// What Python's `str.isspace` says of a scalar.
  @inline(__always) static func isSpace(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 9...13, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000:
      true
    default: false
    }
  }

  /// The pieces between white space, none of them empty, as `str.split()` has them.
  func words() -> [Scalars] {
    split(whereSeparator: Self.isSpace).map(Scalars.init)
  }

  /// Without white space at the end.
  func withoutTrailingSpace() -> Scalars {
    var end = count
    while end > 0 && Self.isSpace(self[end - 1]) { end -= 1 }
    return Scalars(self[..<end])
  }

  /// In lower case as `str.lower()` has it: full mappings, and the sigma at a word's end.
  func lowercased() -> Scalars {
    var result: Scalars = []
    result.reserveCapacity(count)
    for index in indices {
      let value = self[index]
      if value < 0x80 {
        result.append(value >= 65 && value <= 90 ? value + 32 : value)
      } else if value == 0x3A3 {
        result.append(endsWord(at: index) ? 0x3C2 : 0x3C3)
      } else if let scalar = Unicode.Scalar(value) {
        result += scalar.properties.lowercaseMapping.unicodeScalars.map(\.value)
      }
    }
    return result
  }

  /// Whether a cased letter comes before a place and none after it, but for what case ignores.
  private func endsWord(at index: Int) -> Bool {
    func isCased(_ places: some Sequence<Int>) -> Bool {
      for place in places {
        guard let properties = Unicode.Scalar(self[place])?.properties else { return false }
        if !properties.isCaseIgnorable { return properties.isCased }
      }
      return false
    }
    return isCased((0..<index).reversed()) && !isCased(index + 1..<count)
  }

  /// With each occurrence of a text replaced.
  func replacing(_ old: String, with new: String) -> Scalars {
    let (old, new) = (Scalars(old), Scalars(new))
    guard contains(old[0]) else { return self }
    var result: Scalars = []
    var index = 0
    while index < count {
      if self[index] == old[0], index + old.count <= count, self[index..<index + old.count].elementsEqual(old)
      {
        result += new
        index += old.count
      } else {
        result.append(self[index])
        index += 1
      }
    }
    return result
  }

  /// With spaces around each scalar that is asked for.
  func spacing(_ isApart: (UInt32) -> Bool) -> Scalars {
    var result: Scalars = []
    result.reserveCapacity(count)
    for scalar in self {
      if isApart(scalar) { result += [32, scalar, 32] } else { result.append(scalar) }
    }
    return result
  }

  /// With pairs of neighbours, which do not overlap, replaced by what is made of them.
  func replacingPairs(
    _ isPair: (UInt32, UInt32) -> Bool, with parts: (UInt32, UInt32) -> Scalars
  ) -> Scalars {
    var result: Scalars = []
    result.reserveCapacity(count)
    var index = 0
    while index < count {
      if index + 1 < count && isPair(self[index], self[index + 1]) {
        result += parts(self[index], self[index + 1])
        index += 2
      } else {
        result.append(self[index])
        index += 1
      }
    }
    return result
  }
}
