import LatheCore

extension ComputationGraph: CustomStringConvertible {
  /// One line for each node: what it makes, its name, what it reads, its settings.
  public var description: String {
    nodes.map { node in
      let results = node.outputs.map { "%\($0): \(values[$0].spec)" }.joined(separator: ", ")
      let operands = node.inputs.map(text(of:)).joined(separator: ", ")
      let settings = node.attributes.map { "\($0.name)=\($0.value)" }.joined(separator: ", ")
      return "\(results) = \(node.name)(\(operands))" + (settings.isEmpty ? "" : " {\(settings)}")
    }.joined(separator: "\n") + "\nreturn \(outputs.map { "%\($0)" }.joined(separator: ", "))"
  }

  /// The graph in Graphviz's language, from the inputs at the top to the results at the bottom.
  public var dot: String {
    var lines = ["digraph {", "  node [fontname=\"Helvetica\", fontsize=10];"]
    for value in values where value.role != .result {
      let title = value.name ?? value.role.rawValue
      let shape = value.role == .input ? "ellipse" : "note"
      lines.append("  v\(value.id) [label=\(quoted("\(title)\n\(value.spec)")), shape=\(shape)];")
    }
    var makers: [Int: String] = [:]
    for value in values where value.role != .result { makers[value.id] = "v\(value.id)" }
    for (number, node) in nodes.enumerated() {
      let settings = node.attributes.map { "\($0.name) \($0.value)" }
      lines.append(
        "  n\(number) [label=\(quoted(([node.name] + settings).joined(separator: "\n"))), shape=box];")
      for case .value(let id) in node.inputs {
        guard let maker = makers[id] else { continue }
        lines.append("  \(maker) -> n\(number) [label=\(quoted("\(values[id].spec)"))];")
      }
      for id in node.outputs { makers[id] = "n\(number)" }
    }
    for (number, id) in outputs.enumerated() {
      lines.append("  r\(number) [label=\(quoted("result \(number)\n\(values[id].spec)")), shape=ellipse];")
      if let maker = makers[id] { lines.append("  \(maker) -> r\(number);") }
    }
    return lines.joined(separator: "\n") + "\n}\n"
  }

  private func text(of argument: Argument) -> String {
    switch argument {
    case .value(let id): values[id].name ?? "%\(id)"
    // In the fewest digits where it is a float32.
    case .number(.float(let value)): Double(Float(value)) == value ? "\(Float(value))" : "\(value)"
    case .number(.int(let value)): "\(value)"
    }
  }

  /// A string of Graphviz's language.
  private func quoted(_ text: String) -> String {
    var result = "\""
    for character in text {
      switch character {
      case "\"", "\\": result += "\\\(character)"
      case "\n": result += "\\n"
      default: result.append(character)
      }
    }
    return result + "\""
  }
}
