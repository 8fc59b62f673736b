import LatheML

/// What `lathe inspect` shows of a stored model of a table.
struct InspectedTableModel: Encodable {
  /// A column that it learned from.
  struct Column: Encodable {
    var name: String
    var holdsTexts: Bool
  }

  let path: String
  let format = "table-model"
  let target: String
  /// None where numbers are predicted.
  let classes: [String]
  let columns: [Column]

  init(_ model: TableModel, path: String) {
    self.path = path
    target = model.target
    classes = model.classes
    let types = model.features.columnTypes
    columns = model.features.columnNames.map { Column(name: $0, holdsTexts: types[$0] != nil) }
  }

  /// For a person.
  var lines: [String] {
    let shown = classes.prefix(20).joined(separator: ", ") + (classes.count > 20 ? ", ..." : "")
    var lines = [
      "\(path): model of a table, predicts \(target)\(classes.isEmpty ? ", a number" : ": \(shown)")",
      "", "learned from \(counted(columns.count, "columns"))",
    ]
    let width = columns.map(\.name.count).max() ?? 0
    lines += columns.map { "  \(Terminal.left($0.name, width))  \($0.holdsTexts ? "texts" : "numbers")" }
    return lines
  }
}
