/// An expression of a template with its place.
struct TemplateExpression: Sendable {
  /// What it says.
  indirect enum Node: Sendable {
    case value(TemplateValue)
    case name(String)
    case list([TemplateExpression])
    case dictionary([(TemplateExpression, TemplateExpression)])
    case attribute(TemplateExpression, String)
    case item(TemplateExpression, TemplateExpression)
    case slice(TemplateExpression, TemplateExpression?, TemplateExpression?, TemplateExpression?)
    case call(TemplateExpression, TemplateArguments)
    case filter(TemplateExpression, String, TemplateArguments)
    case test(TemplateExpression, String, TemplateArguments, isNegated: Bool)
    case unary(String, TemplateExpression)
    case binary(String, TemplateExpression, TemplateExpression)
    /// Comparisons that follow each other: each holds between its neighbours.
    case comparison(TemplateExpression, [(String, TemplateExpression)])
    case choice(TemplateExpression, TemplateExpression, TemplateExpression?)
  }

  var node: Node
  var position: TemplatePosition
}

/// What is given to a call.
struct TemplateArguments: Sendable {
  var positional: [TemplateExpression] = []
  var named: [(String, TemplateExpression)] = []
}

/// A part of a template with its place.
struct TemplateStatement: Sendable {
  /// What a value is stored in.
  indirect enum Target: Sendable {
    case name(String)
    case attribute(String, String)
    case names([String])
  }

  /// A macro: parts that can be called.
  struct Macro: Sendable {
    var name: String
    var parameters: [(String, TemplateExpression?)]
    var body: [TemplateStatement]
  }

  /// What it does.
  indirect enum Node: Sendable {
    case text(String)
    case print(TemplateExpression)
    case branch([(TemplateExpression, [TemplateStatement])], [TemplateStatement])
    case loop(
      Target, TemplateExpression, TemplateExpression?, [TemplateStatement], otherwise: [TemplateStatement])
    case set(Target, TemplateExpression)
    case capture(String, [TemplateStatement])
    case macro(Macro)
    case leave
    case skip
  }

  var node: Node
  var position: TemplatePosition
}
