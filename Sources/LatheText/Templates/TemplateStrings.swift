import LatheCore

/// Methods of texts, which look at scalars as Python's do.
enum TemplateStrings {
  /// Where a part first stands in a text, in bytes.
  static func find(_ part: String, in text: String, from start: Int = 0) -> Int? {
    let (bytes, sought) = (Array(text.utf8), Array(part.utf8))
    return find(sought, in: bytes, from: start)
  }

  private static func find(_ sought: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
    guard let first = sought.first else { return start <= bytes.count ? start : nil }
    var place = start
    while place + sought.count <= bytes.count {
      if bytes[place] == first && bytes[place..<place + sought.count].elementsEqual(sought) { return place }
      place += 1
    }
    return nil
  }

  /// A text with a part replaced, at most so many times.
  static func replacing(
    _ text: String, _ part: String, by content: String, most: Int, _ position: TemplatePosition,
    _ run: TemplateRun
  ) throws -> String {
    let (bytes, sought, new) = (Array(text.utf8), Array(part.utf8), Array(content.utf8))
    var result: [UInt8] = []
    var place = 0
    var count = 0
    if sought.isEmpty {
      // Between all scalars, as Python has it.
      for scalar in text.unicodeScalars {
        if count < most { result += new }
        count += 1
        result += Array(String(scalar).utf8)
        try run.check(length: result.count, position)
      }
      if count < most { result += new }
      return String(decoding: result, as: UTF8.self)
    }
    while count < most, let found = find(sought, in: bytes, from: place) {
      result += bytes[place..<found] + new
      try run.check(length: result.count, position)
      place = found + sought.count
      count += 1
    }
    return String(decoding: result + bytes[place...], as: UTF8.self)
  }

  /// A text without what stands at its ends: white space, or any of some scalars.
  static func stripped(_ text: String, _ scalars: String?, left: Bool, right: Bool) -> String {
    let set = scalars.map { Set($0.unicodeScalars) }
    func goes(_ scalar: Unicode.Scalar) -> Bool {
      set?.contains(scalar) ?? (scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value))
    }
    var view = text.unicodeScalars[...]
    while left, let first = view.first, goes(first) { view.removeFirst() }
    while right, let last = view.last, goes(last) { view.removeLast() }
    return String(view)
  }

  /// Words begin with a capital, the rest is small.
  static func titled(_ text: String) -> String {
    var result = ""
    var isInside = false
    for scalar in text.unicodeScalars {
      result += isInside ? scalar.properties.lowercaseMapping : scalar.properties.titlecaseMapping
      isInside = scalar.properties.isCased
    }
    return result
  }

  /// The first letter a capital, the rest small.
  static func capitalized(_ text: String) -> String {
    guard let first = text.unicodeScalars.first else { return "" }
    return first.properties.titlecaseMapping + String(text.unicodeScalars.dropFirst()).lowercased()
  }

  private static func split(_ text: String, _ call: TemplateFunction.Call, fromRight: Bool) throws
    -> TemplateValue
  {
    let most = call.argument(1, "maxsplit")?.wholeNumber ?? -1
    var parts: [String] = []
    if case .string(let separator)? = call.argument(0, "sep") {
      guard !separator.isEmpty else { throw call.position.failure("an empty separator") }
      let (bytes, sought) = (Array(text.utf8), Array(separator.utf8))
      var places: [Int] = []
      var place = 0
      while let found = find(sought, in: bytes, from: place) {
        places.append(found)
        place = found + sought.count
      }
      if most >= 0 && places.count > most {
        places = Array(fromRight ? places.suffix(most) : places.prefix(most))
      }
      var start = 0
      for found in places {
        parts.append(String(decoding: bytes[start..<found], as: UTF8.self))
        start = found + sought.count
      }
      parts.append(String(decoding: bytes[start...], as: UTF8.self))
    } else {
      let words = text.unicodeScalars.split { $0.properties.isWhitespace }
      guard most < 0 || words.count <= most else {
        throw call.position.failure(
          .unsupported, "a split at white space of at most \(most) parts is not supported")
      }
      parts = words.map { String($0) }
    }
    return .list(parts.map { .string($0) })
  }

  /// Whether a text begins or ends with a text, or one of a list.
  private static func matches(_ call: TemplateFunction.Call, _ holds: (String) -> Bool) throws
    -> TemplateValue
  {
    switch call.argument(0, "prefix") {
    case .string(let text)?: return .bool(holds(text))
    case .list(let values)?:
      return .bool(values.contains { if case .string(let text) = $0 { holds(text) } else { false } })
    default: throw call.position.failure("a text is missing")
    }
  }

  private static func text(_ call: TemplateFunction.Call, _ place: Int, _ name: String) throws -> String {
    guard case .string(let text)? = call.argument(place, name) else {
      throw call.position.failure("a text is missing as argument \(place + 1)")
    }
    return text
  }

  /// Calls a method of a text.
  static func call(
    _ name: String, _ text: String, _ call: TemplateFunction.Call, _ run: TemplateRun
  ) throws -> TemplateValue {
    func scalars() throws -> String? {
      guard let given = call.argument(0, "chars") else { return nil }
      if case .none = given { return nil }
      return try Self.text(call, 0, "chars")
    }
    switch name {
    case "strip": return .string(stripped(text, try scalars(), left: true, right: true))
    case "lstrip": return .string(stripped(text, try scalars(), left: true, right: false))
    case "rstrip": return .string(stripped(text, try scalars(), left: false, right: true))
    case "upper": return .string(text.uppercased())
    case "lower": return .string(text.lowercased())
    case "title": return .string(titled(text))
    case "capitalize": return .string(capitalized(text))
    case "split": return try split(text, call, fromRight: false)
    case "rsplit": return try split(text, call, fromRight: true)
    case "splitlines":
      let lines = text.unicodeScalars.split(omittingEmptySubsequences: false) { $0 == "\n" }
      return .list((lines.last?.isEmpty == true ? lines.dropLast() : lines).map { .string(String($0)) })
    case "startswith": return try matches(call) { text.utf8.starts(with: $0.utf8) }
    case "endswith": return try matches(call) { text.utf8.reversed().starts(with: $0.utf8.reversed()) }
    case "replace":
      let most = call.argument(2, "count")?.wholeNumber ?? -1
      return .string(
        try replacing(
          text, try Self.text(call, 0, "old"), by: try Self.text(call, 1, "new"),
          most: most < 0 ? .max : most,
          call.position, run))
    case "find":
      guard let place = find(try Self.text(call, 0, "sub"), in: text) else { return .integer(-1) }
      return .integer(text.utf8.prefix(place).count { !UTF8Bytes.isContinuation($0) })
    case "count":
      let part = try Self.text(call, 0, "sub")
      guard !part.isEmpty else { return .integer(text.unicodeScalars.count + 1) }
      let (bytes, sought) = (Array(text.utf8), Array(part.utf8))
      var (count, place) = (0, 0)
      while let found = find(sought, in: bytes, from: place) {
        count += 1
        place = found + sought.count
      }
      return .integer(count)
    case "join":
      let parts = try run.items(call.argument(0, "iterable") ?? .undefined("the parts"), call.position)
      let result = parts.map(\.text).joined(separator: text)
      try run.check(length: result.utf8.count, call.position)
      return .string(result)
    case "removeprefix":
      let part = try Self.text(call, 0, "prefix")
      return .string(
        text.utf8.starts(with: part.utf8) ? String(text.utf8.dropFirst(part.utf8.count)) ?? text : text)
    case "removesuffix":
      let part = try Self.text(call, 0, "suffix")
      let ends = text.utf8.reversed().starts(with: part.utf8.reversed())
      return .string(ends ? String(text.utf8.dropLast(part.utf8.count)) ?? text : text)
    case "isdigit":
      return .bool(!text.isEmpty && text.unicodeScalars.allSatisfy { $0.properties.numericType == .decimal })
    case "isalpha":
      return .bool(
        !text.isEmpty && text.unicodeScalars.allSatisfy { Scalars.category($0.value) & 0b11111 != 0 })
    case "isspace": return .bool(!text.isEmpty && text.unicodeScalars.allSatisfy(\.properties.isWhitespace))
    default: throw call.position.failure(.unsupported, "the method '\(name)' of a text is not supported")
    }
  }
}
