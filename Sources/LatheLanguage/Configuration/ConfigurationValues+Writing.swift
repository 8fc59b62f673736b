import LatheCore
import LatheFiles
import LatheText

extension ConfigurationValues {
  /// Values written in a program, for a network that is trained from the start.
  ///
  /// - Parameters:
  ///   - text: A JSON object, as `config.json` has it.
  ///   - source: What it is called in messages.
  /// - Throws: `LatheError` where it is no JSON object.
  public init(json text: String, source: String = "the configuration") throws {
    try self.init(JSONValue.parse(Array(text.utf8), source: source), source: source)
  }

  /// Values of which there is no file yet.
  ///
  /// - Parameter members: Their names and values, each name once.
  package init(members: [JSONValue.Member]) throws {
    try self.init(.object(members), source: "the configuration")
  }

  /// The same values with one in the place of another, or behind all others.
  func setting(_ key: String, _ new: JSONValue) throws -> ConfigurationValues {
    var members = value.members ?? []
    if let place = members.firstIndex(where: { $0.key == key }) {
      members[place].value = new
    } else {
      members.append(JSONValue.Member(key, new))
    }
    return try ConfigurationValues(.object(members), source: source)
  }

  /// The same values without some of them.
  func removing(_ keys: [String]) throws -> ConfigurationValues {
    try ConfigurationValues(
      .object((value.members ?? []).filter { !keys.contains($0.key) }), source: source)
  }

  /// Writes the values as a JSON file, whole or not at all.
  ///
  /// - Throws: `LatheError` where the file cannot be written.
  public func write(to path: String) throws {
    var bytes: [UInt8] = []
    value.write(to: &bytes, indentation: 0)
    bytes.append(10)
    try AtomicFile.write([bytes], to: path)
  }
}
