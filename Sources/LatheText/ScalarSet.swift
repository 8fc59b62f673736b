/// A set of scalars in a regular expression.
struct ScalarSet: Sendable, Equatable {
  /// One member of a class: categories, white space, word characters, ranges; or what is none of these.
  struct Item: Sendable, Equatable {
    var categories: UInt32 = 0
    var hasWhitespace = false
    var hasWords = false
    var ranges: [ClosedRange<UInt32>] = []
    var isNegated = false

    func contains(_ scalar: UInt32) -> Bool {
      var found = categories != 0 && Scalars.category(scalar) & categories != 0
      if !found && hasWhitespace { found = Scalars.isWhitespace(scalar) }
      if !found && hasWords { found = Scalars.isWord(scalar) }
      if !found { found = ranges.contains { $0.contains(scalar) } }
      return found != isNegated
    }
  }

  var items: [Item] = []
  var isNegated = false

  func contains(_ scalar: UInt32) -> Bool {
    for item in items where item.contains(scalar) { return !isNegated }
    return isNegated
  }

  /// A set of one scalar.
  init(_ scalar: UInt32) { items = [Item(ranges: [scalar...scalar])] }

  init(_ items: [Item], isNegated: Bool = false) {
    self.items = items
    self.isNegated = isNegated
  }

  /// Raised numbers and fractions, which are parts of words in regular expressions, but not to the step `Whitespace`.
  static let wordNumbers: [ClosedRange<UInt32>] = [0xB2...0xB3, 0xB9...0xB9, 0xBC...0xBE]

  /// White space in regular expressions of JavaScript.
  static let whitespaceECMA: [ClosedRange<UInt32>] = [
    9...13, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F,
    0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
  ]

  /// Every scalar but the line feed.
  static let anything = ScalarSet([Item(ranges: [10...10])], isNegated: true)

  /// The set with the other cases of what it has.
  func ignoringCase() -> ScalarSet {
    var result = self
    for index in items.indices {
      for range in items[index].ranges where range.count <= 1024 {
        for value in range { result.items[index].ranges += Self.cases(value).map { $0...$0 } }
      }
    }
    return result
  }

  private static func cases(_ value: UInt32) -> [UInt32] {
    guard let scalar = Unicode.Scalar(value) else { return [] }
    var found: [UInt32] = []
    for text in [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping] {
      if text.unicodeScalars.count == 1, let other = text.unicodeScalars.first { found.append(other.value) }
    }
    // The letters outside ASCII whose other case is an ASCII letter.
    if value | 0x20 == 0x73 { found.append(0x17F) }
    if value | 0x20 == 0x6B { found.append(0x212A) }
    return found
  }

  /// A class by its name in `\p{...}`; nil where there is none of that name.
  static func named(_ name: String) -> Item? {
    let groups: [String: UInt32] = [
      "L": 0b11111, "M": 0b111 << 5, "N": 0b111 << 8, "P": 0x7F << 11, "S": 0b1111 << 18, "Z": 0b111 << 22,
      "C": 0b11111 << 25, "Letter": 0b11111, "Mark": 0b111 << 5, "Number": 0b111 << 8,
      "Punctuation": 0x7F << 11, "Symbol": 0b1111 << 18, "Separator": 0b111 << 22, "Other": 0b11111 << 25,
    ]
    let names = [
      "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf",
      "Po",
      "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn",
    ]
    if let group = groups[name] { return Item(categories: group) }
    return names.firstIndex(of: name).map { Item(categories: 1 << UInt32($0)) }
  }
}
