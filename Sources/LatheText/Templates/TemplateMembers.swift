import LatheCore

/// Parts of values: attributes, items, slices, methods of lists and dictionaries.
enum TemplateMembers {
  /// What stands behind a point.
  static func attribute(
    _ object: TemplateValue, _ name: String, _ position: TemplatePosition
  ) throws -> TemplateValue {
    switch object {
    case .dictionary(let values): return values[name] ?? .undefined(name)
    case .namespace(let namespace): return namespace.members[name] ?? .undefined(name)
    case .undefined(let missing): throw position.failure("'\(missing)' is undefined and has no '\(name)'")
    default: return .undefined(name)
    }
  }

  /// What stands in square brackets.
  static func item(_ object: TemplateValue, _ key: TemplateValue, _ position: TemplatePosition) throws
    -> TemplateValue
  {
    switch (object, key) {
    case (.dictionary(let values), .string(let name)): return values[name] ?? .undefined(name)
    case (.namespace(let namespace), .string(let name)): return namespace.members[name] ?? .undefined(name)
    case (.undefined(let missing), _): throw position.failure("'\(missing)' is undefined and has no items")
    case (.list(let values), _):
      guard let index = key.wholeNumber else { return .undefined(key.text) }
      let place = index < 0 ? values.count + index : index
      return values.indices.contains(place) ? values[place] : .undefined("item \(index)")
    case (.string(let text), _):
      guard let index = key.wholeNumber else { return .undefined(key.text) }
      let scalars = Array(text.unicodeScalars)
      let place = index < 0 ? scalars.count + index : index
      return scalars.indices.contains(place)
        ? .string(String(scalars[place])) : .undefined("character \(index)")
    default: return .undefined(key.text)
    }
  }

  /// A part of a list or a text, with Python's rules for bounds.
  static func slice(
    _ object: TemplateValue, _ first: TemplateValue?, _ second: TemplateValue?, _ third: TemplateValue?,
    _ position: TemplatePosition
  ) throws -> TemplateValue {
    func bound(_ value: TemplateValue?) throws -> Int? {
      guard let value else { return nil }
      if case .none = value { return nil }
      guard let whole = value.wholeNumber else { throw position.failure("\(value.kind) as a bound") }
      return whole
    }
    let step = try bound(third) ?? 1
    guard step != 0 else { throw position.failure("steps of 0") }
    let (start, end) = (try bound(first), try bound(second))
    func places(_ count: Int) -> [Int] {
      func clamp(_ value: Int, _ range: ClosedRange<Int>) -> Int {
        min(
          max(value < 0 ? (value < -count ? -1 : value + count) : value, range.lowerBound), range.upperBound)
      }
      let range = step > 0 ? 0...count : -1...count - 1
      let from = start.map { clamp($0, range) } ?? (step > 0 ? 0 : count - 1)
      let to = end.map { clamp($0, range) } ?? (step > 0 ? count : -1)
      if step.magnitude > count.magnitude + 1 { return (step > 0 ? from < to : from > to) ? [from] : [] }
      return Array(stride(from: from, to: to, by: step))
    }
    switch object {
    case .list(let values): return .list(places(values.count).map { values[$0] })
    case .string(let text):
      let scalars = Array(text.unicodeScalars)
      return .string(String(String.UnicodeScalarView(places(scalars.count).map { scalars[$0] })))
    case .undefined(let missing): throw position.failure("'\(missing)' is undefined and has no parts")
    default: throw position.failure("\(object.kind) has no parts")
    }
  }

  /// A method of a dictionary.
  static func call(
    _ name: String, _ values: TemplateDictionary, _ call: TemplateFunction.Call
  ) throws -> TemplateValue {
    switch name {
    case "items":
      return .list(values.keys.indices.map { .list([.string(values.keys[$0]), values.values[$0]]) })
    case "keys": return .list(values.keys.map { .string($0) })
    case "values": return .list(values.values)
    case "get":
      guard case .string(let key)? = call.argument(0, "key") else {
        return call.argument(1, "default") ?? .none
      }
      return values[key] ?? call.argument(1, "default") ?? .none
    default:
      throw call.position.failure(.unsupported, "the method '\(name)' of a dictionary is not supported")
    }
  }

  /// A method of a list.
  static func call(_ name: String, _ values: [TemplateValue], _ call: TemplateFunction.Call) throws
    -> TemplateValue
  {
    let sought = call.argument(0, "value") ?? .undefined("the value to look for")
    switch name {
    case "index":
      guard let place = values.firstIndex(where: { $0.equals(sought) }) else {
        throw call.position.failure("\(sought.kind) is not in the list")
      }
      return .integer(place)
    case "count": return .integer(values.count { $0.equals(sought) })
    default: throw call.position.failure(.unsupported, "the method '\(name)' of a list is not supported")
    }
  }
}
