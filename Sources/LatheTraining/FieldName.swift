/// The names of fields as a reader sees them.
enum FieldName {
  /// A name in camel case as words: "batch size" of `batchSize`.
  static func words(_ name: String) -> String {
    name.reduce(into: "") { $0 += $1.isUppercase ? " \($1.lowercased())" : "\($1)" }
  }
}
