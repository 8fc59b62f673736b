import Lathe

/// The names that tensors have in what a pickle made: the keys of dictionaries and the places in lists, with dots between.
struct PickleNames {
  /// Tensors by name, in the file's order.
  private(set) var tensors: [(name: String, tensor: Int)] = []
  /// Numbers and texts by name.
  private(set) var texts: [String: String] = [:]
  private let machine: PickleMachine
  private var names = Set<String>()
  private var visits = 0, bytes = 0

  /// What may be walked through: a container that is in others many times is walked each time.
  private static let mostVisits = 1 << 20, mostBytes = 1 << 28, deepest = 64

  init(_ root: PickleValue, _ machine: PickleMachine) throws(HeaderFault) {
    self.machine = machine
    if case .tensor(let tensor) = root {
      tensors = [("tensor", tensor)]
    } else {
      try visit(root, "", depth: 0)
    }
  }

  private mutating func visit(_ value: PickleValue, _ name: String, depth: Int) throws(HeaderFault) {
    visits += 1
    bytes += name.utf8.count
    guard depth <= Self.deepest else {
      throw machine.scanner.fault("values in values, more than \(Self.deepest) deep, or one within itself")
    }
    guard visits <= Self.mostVisits, bytes <= Self.mostBytes else {
      throw machine.scanner.fault("more names than \(Self.mostVisits), or longer ones than a model has")
    }
    switch value {
    case .tensor(let tensor):
      try add(name)
      tensors.append((name, tensor))
    case .list(let values), .tuple(let values):
      for (place, value) in machine.containers[values].enumerated() {
        try visit(value, joined(name, "\(place)"), depth: depth + 1)
      }
    case .dictionary(let dictionary):
      let values = machine.containers[dictionary]
      for place in stride(from: 0, to: values.count - 1, by: 2) {
        let key: String
        switch values[place] {
        case .text(let text): key = text
        case .int(let number): key = "\(number)"
        default: throw machine.scanner.fault("a key of '\(name)' that is neither a text nor a whole number")
        }
        try visit(values[place + 1], joined(name, key), depth: depth + 1)
      }
    case .text(let text): try note(name, text)
    case .int(let number): try note(name, "\(number)")
    case .float(let number): try note(name, "\(number)")
    case .bool(let value): try note(name, "\(value)")
    case .none: try note(name, "none")
    case .long: try note(name, "a whole number of more than 64 bits")
    case .global, .storage: throw machine.scanner.fault("'\(name)' is a type or a storage, not a tensor")
    }
  }

  private func joined(_ name: String, _ key: String) -> String { name.isEmpty ? key : "\(name).\(key)" }

  private mutating func add(_ name: String) throws(HeaderFault) {
    guard names.insert(name).inserted else { throw machine.scanner.fault("two values are named '\(name)'") }
  }

  private mutating func note(_ name: String, _ text: String) throws(HeaderFault) {
    try add(name)
    bytes += text.utf8.count
    texts[name] = text
  }
}
