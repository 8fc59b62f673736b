import Foundation
import Lathe
import Testing

/// An array as the fixtures hold it.
struct FixtureArray: Decodable, Sendable {
  var shape: [Int]
  var dtype: String
  var values: [Double]

  /// The array on a device.
  func tensor(on device: Device) throws -> Tensor {
    let type = try #require(DType.allCases.first { $0.description == dtype }, "dtype \(dtype)")
    return Tensor(values, shape: Shape(shape), dtype: type, device: device)
  }
}

/// A parameter of an operation: a number, a truth value, a word, or (nested) lists of whole numbers.
enum FixtureParameter: Decodable, Sendable {
  case bool(Bool), number(Double), word(String), list([Int]), lists([[Int]])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .word(value)
    } else if let value = try? container.decode([Int].self) {
      self = .list(value)
    } else {
      self = .lists(try container.decode([[Int]].self))
    }
  }
}

/// One operation with what PyTorch says of its outputs and gradients; see scripts/make-fixtures.py.
struct Fixture: Decodable, Sendable, CustomTestStringConvertible {
  var name: String
  var op: String
  var parameters: [String: FixtureParameter]
  var inputs: [FixtureArray]
  var outputs: [FixtureArray]
  /// The gradient given to each output; nil for outputs without one.
  var upstream: [[Double]?]
  /// The gradient expected of each input; nil for inputs without one.
  var gradients: [[Double]?]

  var testDescription: String { name }

  /// A number; fails the test where there is none of that name.
  func number(_ key: String) throws -> Double {
    guard case .number(let value) = parameters[key] else { throw FixtureError("\(name): no number '\(key)'") }
    return value
  }

  /// A whole number.
  func int(_ key: String) throws -> Int { Int(try number(key)) }

  /// A truth value.
  func bool(_ key: String) throws -> Bool {
    guard case .bool(let value) = parameters[key] else {
      throw FixtureError("\(name): no truth value '\(key)'")
    }
    return value
  }

  /// A word.
  func word(_ key: String) throws -> String {
    guard case .word(let value) = parameters[key] else { throw FixtureError("\(name): no word '\(key)'") }
    return value
  }

  /// What a word stands for.
  func choice<Value>(_ key: String, _ values: [String: Value]) throws -> Value {
    guard let value = values[try word(key)] else {
      throw FixtureError("\(name): '\(key)' is \(try word(key)), none of \(values.keys.sorted())")
    }
    return value
  }

  /// How a loss is reduced.
  func reduction() throws -> LossReduction {
    switch try word("reduction") {
    case "none": .none
    case "sum": .sum
    default: .mean
    }
  }

  /// A list of whole numbers.
  func list(_ key: String) throws -> [Int] {
    guard case .list(let value) = parameters[key] else { throw FixtureError("\(name): no list '\(key)'") }
    return value
  }

  /// A list of two whole numbers.
  func pair(_ key: String) throws -> (Int, Int) {
    let values = try list(key)
    guard values.count == 2 else {
      throw FixtureError("\(name): '\(key)' has \(values.count) numbers, not 2")
    }
    return (values[0], values[1])
  }

  /// A list of three whole numbers.
  func triple(_ key: String) throws -> (Int, Int, Int) {
    let values = try list(key)
    guard values.count == 3 else {
      throw FixtureError("\(name): '\(key)' has \(values.count) numbers, not 3")
    }
    return (values[0], values[1], values[2])
  }

  /// A list of lists of whole numbers.
  func lists(_ key: String) throws -> [[Int]] {
    guard case .lists(let values) = parameters[key] else { throw FixtureError("\(name): no lists '\(key)'") }
    return values
  }

  /// A list of pairs.
  func pairs(_ key: String) throws -> [(Int, Int)] { try lists(key).map { ($0[0], $0[1]) } }
}

/// A fixture file that does not hold what a test wants of it.
struct FixtureError: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}

/// The files in Tests/Fixtures.
enum FixtureFile {
  /// Where they are.
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures")

  /// Reads a file of cases.
  static func load<Case: Decodable>(_ name: String, as type: Case.Type = Case.self) throws -> [Case] {
    let data = try Data(contentsOf: folder.appendingPathComponent("\(name).json"))
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try decoder.decode([Case].self, from: data)
  }
}
