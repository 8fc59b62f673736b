import FoundationEssentials
import LatheCore
import LatheFiles

/// A search space as JSON: an object with a member for each parameter.
///
/// ```json
/// {
///   "learning_rate": {"type": "log_uniform", "low": 1e-5, "high": 0.1},
///   "layers": {"type": "integer", "low": 1, "high": 6, "step": 1},
///   "width": {"type": "log_integer", "low": 16, "high": 1024},
///   "optimizer": {"type": "choice", "values": ["adam", "sgd"]},
///   "momentum": {"type": "uniform", "low": 0, "high": 0.99, "when": {"optimizer": ["sgd"]}}
/// }
/// ```
extension SearchSpace {
  /// Reads a space from a JSON file; parameters come in the order of their names.
  ///
  /// - Throws: `LatheError` naming the file, and the parameter.
  public init(jsonFile path: String) throws {
    let file = try RegularFile(path)
    guard file.size <= 1 << 20 else {
      throw LatheError(.format, "\(path): \(file.size) bytes; a search space has less than 1 MB")
    }
    do { try self.init(json: try file.read(file.size, at: 0)) } catch let error as LatheError {
      throw LatheError(error.kind, "\(path): \(error.message)")
    }
  }

  /// Reads a space from JSON.
  ///
  /// - Throws: `LatheError`.
  public init(json: some Sequence<UInt8>) throws {
    let members: [String: Member]
    do {
      members = try JSONDecoder().decode([String: Member].self, from: Data(json))
    } catch DecodingError.keyNotFound(let key, let context) {
      throw Self.error("\(Self.place(context, nil)) has no \"\(key.stringValue)\"")
    } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
      throw Self.error("\(Self.place(context, "the text")): \(context.debugDescription)")
    } catch DecodingError.dataCorrupted(let context) {
      throw Self.error("\(Self.place(context, "the text")): \(context.debugDescription)")
    }
    try self.init(
      members.sorted { $0.key < $1.key }.map { name, member in
        SearchParameter(name, try member.domain(name), when: try member.condition(name))
      })
  }

  private static func place(_ context: DecodingError.Context, _ whole: String?) -> String {
    let path = context.codingPath.map(\.stringValue).joined(separator: ".")
    return path.isEmpty ? whole ?? "it" : path
  }

  private struct Member: Decodable {
    var type: String
    var low: Double?
    var high: Double?
    var step: Int?
    var values: [SearchValue]?
    var when: [String: [SearchValue]]?

    func domain(_ name: String) throws -> SearchDomain {
      guard type == "integer" || step == nil else {
        throw SearchSpace.error("\(name): \"step\" is for the type \"integer\"")
      }
      if type == "choice" {
        guard let values, low == nil, high == nil else {
          throw SearchSpace.error("\(name): a choice has \"values\", and no bounds")
        }
        return .choice(values)
      }
      guard values == nil, let low, let high, low <= high else {
        throw SearchSpace.error(
          "\(name): the type \"\(type)\" has \"low\" and \"high\", low being at most high")
      }
      switch type {
      case "uniform": return .uniform(low...high)
      case "log_uniform": return .logUniform(low...high)
      case "integer", "log_integer":
        guard let first = Int(exactly: low), let last = Int(exactly: high) else {
          throw SearchSpace.error("\(name): bounds of whole numbers are whole numbers")
        }
        return type == "integer" ? .integer(first...last, step: step ?? 1) : .logInteger(first...last)
      default:
        throw SearchSpace.error(
          "\(name): the type \"\(type)\" is none of uniform, log_uniform, integer, log_integer and choice")
      }
    }

    func condition(_ name: String) throws -> SearchCondition? {
      guard let when else { return nil }
      guard when.count == 1, let (parameter, values) = when.first else {
        throw SearchSpace.error("\(name): \"when\" names one other parameter, with a list of its values")
      }
      return SearchCondition(parameter, isOneOf: values)
    }
  }
}
