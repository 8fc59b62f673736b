import Lathe

/// Reads a pickle, the format in which Python stores objects, without running anything of it.
///
/// A pickle is a program for a machine with a stack. This one knows the instructions that values, tensors and their
/// containers need, makes values of its own of them, and refuses every other by its name.
struct PickleMachine {
  /// Values that one pickle may make: a state dict has some twenty for each tensor.
  private static let mostValues = 1 << 22
  /// Bytes that one pickle may have.
  static let mostBytes = 1 << 26

  /// The contents of lists, tuples and dictionaries.
  private(set) var containers: [[PickleValue]] = []
  var storages: [PickleStorage] = []
  var tensors: [PickleTensor] = []
  var scanner: ByteScanner
  private var stack: [PickleValue] = []
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]
  private var made = 0

  init(_ scanner: ByteScanner) { self.scanner = scanner }

  /// Runs one pickle to its end, behind which the next may stand.
  mutating func run() throws(HeaderFault) -> PickleValue {
    let start = scanner.offset
    (stack, marks, memo) = ([], [], [:])
    while true {
      let place = scanner.offset
      guard place - start < Self.mostBytes else {
        throw HeaderFault(message: "a pickle of more than \(Self.mostBytes) bytes", offset: place)
      }
      let code: UInt8 = try scanner.number()
      if code == UInt8(ascii: ".") { return try pop() }
      try step(code, at: place)
    }
  }

  /// Adds a container.
  mutating func add(_ values: [PickleValue]) throws(HeaderFault) -> Int {
    try count(values.count + 1)
    containers.append(values)
    return containers.count - 1
  }

  private mutating func count(_ values: Int) throws(HeaderFault) {
    made += values
    guard made <= Self.mostValues else {
      throw scanner.fault("a pickle that makes more than \(Self.mostValues) values")
    }
  }

  private mutating func push(_ value: PickleValue) throws(HeaderFault) {
    try count(1)
    stack.append(value)
  }

  private mutating func pop() throws(HeaderFault) -> PickleValue {
    guard stack.count > (marks.last ?? 0), let value = stack.popLast() else {
      throw scanner.fault("a pickle takes a value from an empty stack")
    }
    return value
  }

  private mutating func popMarked() throws(HeaderFault) -> [PickleValue] {
    guard let mark = marks.popLast() else { throw scanner.fault("a pickle takes values without a mark") }
    defer { stack.removeSubrange(mark...) }
    return Array(stack[mark...])
  }

  private mutating func pop(_ count: Int) throws(HeaderFault) -> [PickleValue] {
    guard stack.count - count >= marks.last ?? 0 else {
      throw scanner.fault("a pickle takes a value from an empty stack")
    }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  private mutating func step(_ code: UInt8, at place: Int) throws(HeaderFault) {
    switch UnicodeScalar(code) {
    case "\u{80}":
      let version: UInt8 = try scanner.number()
      guard version <= 5 else {
        throw scanner.fault("a pickle of version \(version), and 5 is the last known")
      }
    case "\u{95}": _ = try scanner.take(8, "a frame")
    case "(":
      try count(1)
      marks.append(stack.count)
    case "0": _ = try pop()
    case "1": _ = try popMarked()
    case "2":
      let value = try pop()
      try push(value)
      try push(value)
    case "N": try push(.none)
    case "\u{88}": try push(.bool(true))
    case "\u{89}": try push(.bool(false))
    case "I", "L", "F", "K", "M", "J", "\u{8A}", "\u{8B}", "G": try push(number(code))
    case "V", "X", "\u{8C}", "\u{8D}", "S", "T", "U": try push(.text(text(code)))
    case "]": try push(.list(add([])))
    case ")": try push(.tuple(add([])))
    case "}": try push(.dictionary(add([])))
    case "\u{85}": try push(.tuple(add(pop(1))))
    case "\u{86}": try push(.tuple(add(pop(2))))
    case "\u{87}": try push(.tuple(add(pop(3))))
    case "t": try push(.tuple(add(popMarked())))
    case "l": try push(.list(add(popMarked())))
    case "d": try push(.dictionary(add(pairs(popMarked()))))
    case "a": try extend(pop(1), isDictionary: false)
    case "e": try extend(popMarked(), isDictionary: false)
    case "s": try extend(pop(2), isDictionary: true)
    case "u": try extend(pairs(popMarked()), isDictionary: true)
    case "p", "q", "r", "\u{94}": try remember(code)
    case "g", "h", "j": try recall(code)
    case "c":
      let (module, name) = try (textLine(), textLine())
      try push(.global(global(module, name, at: place)))
    case "\u{93}":
      let names = try pop(2)
      guard let module = names[0].text, let name = names[1].text else {
        throw scanner.fault("a pickle names something by other than texts")
      }
      try push(.global(global(module, name, at: place)))
    case "R": try push(call(pop(2), at: place))
    case "b": try build(pop(1)[0])
    case "Q": try push(storage(pop()))
    default: throw HeaderFault(message: Self.refusal(code), offset: place)
    }
  }

  /// What is said of an instruction that is not known, or that makes objects by code of Python's.
  private static func refusal(_ code: UInt8) -> String {
    let names: [UInt8: String] = [
      UInt8(ascii: "i"): "INST", UInt8(ascii: "o"): "OBJ", 0x81: "NEWOBJ", 0x92: "NEWOBJ_EX", 0x82: "EXT1",
      0x83: "EXT2", 0x84: "EXT4", UInt8(ascii: "P"): "PERSID", UInt8(ascii: "B"): "BINBYTES",
      UInt8(ascii: "C"): "SHORT_BINBYTES", 0x8E: "BINBYTES8", 0x8F: "EMPTY_SET", 0x90: "ADDITEMS",
      0x91: "FROZENSET", 0x96: "BYTEARRAY8", 0x97: "NEXT_BUFFER", 0x98: "READONLY_BUFFER",
    ]
    guard let name = names[code] else { return "no pickle: an instruction of number \(code)" }
    return "the pickle has an instruction that tensors do not need (\(name)); save the state_dict() alone"
  }

  private func global(
    _ module: String, _ name: String, at place: Int
  ) throws(HeaderFault) -> PickleGlobal {
    guard let global = PickleGlobal(module: module, name: name) else {
      throw HeaderFault(
        message:
          "the pickle asks for '\(module).\(name)', which tensors do not need; nothing of it was run. Save the "
          + "state_dict() alone", offset: place)
    }
    return global
  }

  private func pairs(_ values: [PickleValue]) throws(HeaderFault) -> [PickleValue] {
    guard values.count.isMultiple(of: 2) else {
      throw scanner.fault("a dictionary with a key without a value")
    }
    return values
  }

  private mutating func extend(_ values: [PickleValue], isDictionary: Bool) throws(HeaderFault) {
    switch try pop() {
    case .list(let list) where !isDictionary:
      try count(values.count)
      containers[list] += values
      stack.append(.list(list))
    case .dictionary(let dictionary) where isDictionary:
      try count(values.count)
      containers[dictionary] += values
      stack.append(.dictionary(dictionary))
    default: throw scanner.fault("a pickle adds to what is no \(isDictionary ? "dictionary" : "list")")
    }
  }

  private mutating func remember(_ code: UInt8) throws(HeaderFault) {
    let key: Int =
      switch UnicodeScalar(code) {
      case "p": try wholeNumber(scanner.line())
      case "q": Int(try scanner.number(UInt8.self))
      case "r": Int(try scanner.number(UInt32.self))
      default: memo.count
      }
    guard stack.count > (marks.last ?? 0), let value = stack.last else {
      throw scanner.fault("a pickle remembers a value of an empty stack")
    }
    try count(1)
    memo[key] = value
  }

  private mutating func recall(_ code: UInt8) throws(HeaderFault) {
    let key: Int =
      switch UnicodeScalar(code) {
      case "g": try wholeNumber(scanner.line())
      case "h": Int(try scanner.number(UInt8.self))
      default: Int(try scanner.number(UInt32.self))
      }
    guard let value = memo[key] else {
      throw scanner.fault("a pickle recalls value \(key), which it has not")
    }
    try push(value)
  }

  /// Leaves out attributes of dictionaries, which are notes of PyTorch's about versions; nothing else may have any.
  private func build(_ state: PickleValue) throws(HeaderFault) {
    guard case .dictionary? = stack.last else {
      throw scanner.fault("the pickle sets attributes of what is no dictionary; save the state_dict() alone")
    }
  }
}

extension PickleMachine {
  private mutating func textLine() throws(HeaderFault) -> String {
    let range = try scanner.line()
    guard let text = String(validating: scanner.bytes[range], as: UTF8.self) else {
      throw HeaderFault(message: "a text that is not UTF-8", offset: range.lowerBound)
    }
    return text
  }

  private func wholeNumber(_ range: Range<Int>) throws(HeaderFault) -> Int {
    var digits = String(decoding: scanner.bytes[range].prefix(32), as: UTF8.self)
    if digits.hasSuffix("L") { digits.removeLast() }
    guard let number = Int(digits), range.count <= 32 else {
      throw HeaderFault(
        message: "a whole number in digits that is none, or too large", offset: range.lowerBound)
    }
    return number
  }

  fileprivate mutating func number(_ code: UInt8) throws(HeaderFault) -> PickleValue {
    switch UnicodeScalar(code) {
    case "I":
      let line = try scanner.line()
      if scanner.bytes[line].elementsEqual("00".utf8) { return .bool(false) }
      if scanner.bytes[line].elementsEqual("01".utf8) { return .bool(true) }
      return .int(try wholeNumber(line))
    case "L": return .int(try wholeNumber(scanner.line()))
    case "K": return .int(Int(try scanner.number(UInt8.self)))
    case "M": return .int(Int(try scanner.number(UInt16.self)))
    case "J": return .int(Int(try scanner.number(Int32.self)))
    case "F":
      let line = try scanner.line()
      guard line.count <= 64, let value = Double(String(decoding: scanner.bytes[line], as: UTF8.self)) else {
        throw HeaderFault(message: "a number in digits that is none", offset: line.lowerBound)
      }
      return .float(value)
    case "G":
      return .float(Double(bitPattern: UInt64(bigEndian: try scanner.number(UInt64.self).littleEndian)))
    case "\u{8A}": return try long(UInt64(scanner.number(UInt8.self)))
    default:
      let size: Int32 = try scanner.number()
      guard size >= 0 else { throw scanner.fault("a number of \(size) bytes") }
      return try long(UInt64(size))
    }
  }

  /// A whole number of some bytes with a sign, the least byte first.
  private mutating func long(_ size: UInt64) throws(HeaderFault) -> PickleValue {
    let bytes = scanner.bytes[try scanner.take(size, "a number")]
    guard bytes.count <= 8 else { return .long(Array(bytes.prefix(64))) }
    let isNegative = (bytes.last ?? 0) & 0x80 != 0
    return .int(
      Int(bitPattern: bytes.reversed().reduce(isNegative ? UInt.max : 0) { $0 << 8 | UInt($1) }))
  }

  fileprivate mutating func text(_ code: UInt8) throws(HeaderFault) -> String {
    switch UnicodeScalar(code) {
    case "V": return try textLine()
    case "X": return try scanner.text(UInt64(scanner.number(UInt32.self)))
    case "\u{8C}", "U": return try scanner.text(UInt64(scanner.number(UInt8.self)))
    case "\u{8D}": return try scanner.text(scanner.number())
    case "T": return try scanner.text(UInt64(scanner.number(UInt32.self)))
    default:
      // Python 2 wrote texts in quotes.
      let line = try textLine()
      guard line.utf8.count >= 2, let quote = line.first, quote == line.last, quote == "'" || quote == "\"",
        !line.contains("\\")
      else { throw scanner.fault("a text in quotes with escapes, or without quotes") }
      return String(line.dropFirst().dropLast())
    }
  }
}
