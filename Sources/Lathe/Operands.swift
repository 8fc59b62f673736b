/// One to three operands of an element-wise operation, kept inline so that none allocates.
struct Operands<Element>: RandomAccessCollection, MutableCollection {
  private var a: Element?
  private var b: Element?
  private var c: Element?

  init() {}

  init(_ a: Element, _ b: Element? = nil, _ c: Element? = nil) {
    (self.a, self.b, self.c) = (a, b, c)
  }

  var startIndex: Int { 0 }
  var endIndex: Int { c != nil ? 3 : b != nil ? 2 : a != nil ? 1 : 0 }

  subscript(index: Int) -> Element {
    get {
      guard let element = index == 0 ? a : index == 1 ? b : c else {
        preconditionFailure("operand \(index) of \(count)")
      }
      return element
    }
    set {
      precondition(indices.contains(index), "operand \(index) of \(count)")
      switch index {
      case 0: a = newValue
      case 1: b = newValue
      default: c = newValue
      }
    }
  }

  /// Without copying the whole, as a loop over a collection does.
  @inline(__always) func forEach(_ body: (Element) throws -> Void) rethrows {
    if let a { try body(a) }
    if let b { try body(b) }
    if let c { try body(c) }
  }

  mutating func append(_ element: Element) {
    precondition(c == nil, "a fourth operand")
    if a == nil { a = element } else if b == nil { b = element } else { c = element }
  }

  /// Moves the last one out.
  mutating func popLast() -> Element? { c.take() ?? b.take() ?? a.take() }
}

extension Operands: Sendable where Element: Sendable {}
