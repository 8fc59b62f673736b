import LatheCore

extension Tensor {
  /// Sums of products that an equation names, as NumPy's and PyTorch's `einsum`.
  ///
  /// In `"bij,bjk->bik"` each letter is an axis: what the result lacks is summed over. A letter twice in one operand takes
  /// its diagonal, `...` stands for any axes in front of others (they broadcast), and without `->` the result has
  /// the letters that appear once, in alphabetical order, behind those of `...`. Operands are joined from left to right,
  /// each pair by one matrix product.
  ///
  /// - Parameters:
  ///   - equation: Letters of the operands, separated by commas, and of the result.
  ///   - operands: As many tensors.
  public static func einsum(_ equation: String, _ operands: Tensor...) -> Tensor {
    einsum(equation, operands)
  }

  /// The same for a list of operands.
  ///
  /// - Parameters:
  ///   - equation: Letters of the operands, separated by commas, and of the result.
  ///   - operands: As many tensors.
  public static func einsum(_ equation: String, _ operands: [Tensor]) -> Tensor {
    let plan = EinsumEquation(equation, operands.map(\.shape))
    var terms = zip(operands, plan.inputs).map { EinsumTerm($0, $1) }
    var result = terms.removeFirst()
    func needed(beyond rest: ArraySlice<EinsumTerm>) -> Set<EinsumLabel> {
      rest.reduce(into: Set(plan.output)) { $0.formUnion($1.labels) }
    }
    for (i, term) in terms.enumerated() {
      result = result.joined(term, keeping: needed(beyond: terms[(i + 1)...]))
    }
    return result.arranged(plan.output, plan.sizes)
  }
}

/// An axis of an equation: a letter, or an axis of `...` counted from its end.
enum EinsumLabel: Hashable {
  case letter(Character)
  case ellipsis(Int)
}

/// An equation with the labels of each axis, checked against the operands' shapes.
struct EinsumEquation {
  private(set) var inputs: [[EinsumLabel]] = []
  private(set) var output: [EinsumLabel] = []
  /// The size of each label; 1 only where every operand has 1.
  private(set) var sizes: [EinsumLabel: Int] = [:]

  init(_ equation: String, _ shapes: [Shape]) {
    let text = equation.filter { !$0.isWhitespace }
    let sides = Self.sides(text, of: equation)
    let operands = sides.inputs.split(separator: ",", omittingEmptySubsequences: false)
    require(
      operands.count == shapes.count,
      "einsum: \"\(equation)\" names \(operands.count) operands, and \(shapes.count) were given")
    var dots = 0
    for (i, (operand, shape)) in zip(operands, shapes).enumerated() {
      let (letters, place) = Self.letters(operand, in: equation)
      let free = shape.rank - letters.count
      require(
        place == nil ? free == 0 : free >= 0,
        "einsum: \"\(operand)\" of \"\(equation)\" has \(letters.count) letters, and operand \(i) the shape \(shape)"
      )
      var labels = letters.map { EinsumLabel.letter($0) }
      if let place {
        labels.insert(contentsOf: (0..<free).map { .ellipsis(free - 1 - $0) }, at: place)
        dots = Swift.max(dots, free)
      }
      for (axis, label) in labels.enumerated() {
        let known = sizes[label] ?? 1
        require(
          known == shape[axis] || known == 1 || shape[axis] == 1,
          "einsum: \"\(equation)\": axis \(axis) of operand \(i) \(shape) has size \(shape[axis]), elsewhere it is \(known)"
        )
        if sizes[label] == nil || known == 1 { sizes[label] = shape[axis] }
      }
      inputs.append(labels)
    }
    let ellipsis = (0..<dots).map { EinsumLabel.ellipsis(dots - 1 - $0) }
    guard let wanted = sides.output else {
      let all = inputs.joined().compactMap { label -> Character? in
        if case .letter(let letter) = label { letter } else { nil }
      }
      let once = Dictionary(grouping: all) { $0 }.filter { $0.value.count == 1 }.keys.sorted()
      output = ellipsis + once.map { .letter($0) }
      return
    }
    let (letters, place) = Self.letters(wanted[...], in: equation)
    output = letters.map { .letter($0) }
    if let place { output.insert(contentsOf: ellipsis, at: place) }
    for letter in letters {
      require(
        sizes[.letter(letter)] != nil, "einsum: \"\(equation)\": the result's '\(letter)' is in no operand")
      require(
        letters.filter { $0 == letter }.count == 1,
        "einsum: \"\(equation)\": the result has '\(letter)' twice")
    }
  }

  private static func sides(_ text: String, of equation: String) -> (inputs: Substring, output: String?) {
    guard let arrow = text.firstIndex(of: "-") else { return (text[...], nil) }
    let behind = text.index(after: arrow)
    require(
      behind < text.endIndex && text[behind] == ">", "einsum: \"\(equation)\": '-' without '>' behind it")
    return (text[..<arrow], String(text[text.index(after: behind)...]))
  }

  /// The letters of one side, and before which of them `...` stands.
  private static func letters(_ part: Substring, in equation: String) -> ([Character], Int?) {
    var letters: [Character] = []
    var place: Int?
    var rest = part
    while let first = rest.first {
      if rest.hasPrefix("...") {
        require(place == nil, "einsum: \"\(equation)\": '...' twice in \"\(part)\"")
        place = letters.count
        rest = rest.dropFirst(3)
        continue
      }
      require(
        first.isASCII && first.isLetter,
        "einsum: \"\(equation)\": '\(first)' in \"\(part)\"; axes are letters or '...'")
      letters.append(first)
      rest = rest.dropFirst()
    }
    return (letters, place)
  }
}

/// A tensor whose axes have labels, each once.
private struct EinsumTerm {
  var tensor: Tensor
  var labels: [EinsumLabel]

  init(labelled tensor: Tensor, _ labels: [EinsumLabel]) {
    self.tensor = tensor
    self.labels = labels
  }

  /// An operand; labels that it has twice become its diagonal.
  init(_ operand: Tensor, _ names: [EinsumLabel]) {
    tensor = operand
    labels = names
    while let (a, b) = twice {
      require(
        tensor.shape[a] == tensor.shape[b],
        "einsum: a diagonal of axes of \(tensor.shape[a]) and \(tensor.shape[b]) elements of a tensor \(operand.shape)"
      )
      let label = labels[a]
      tensor = tensor.diagonal(axis1: a, axis2: b)
      labels.remove(at: b)
      labels.remove(at: a)
      labels.append(label)
    }
  }

  private var twice: (Int, Int)? {
    for a in labels.indices {
      if let b = labels[(a + 1)...].firstIndex(of: labels[a]) { return (a, b) }
    }
    return nil
  }

  private func size(_ label: EinsumLabel) -> Int? { labels.firstIndex(of: label).map { tensor.shape[$0] } }

  /// Summed over every label but those kept.
  private func summed(keeping kept: Set<EinsumLabel>) -> EinsumTerm {
    let axes = labels.indices.filter { !kept.contains(labels[$0]) }
    if axes.isEmpty { return self }
    return EinsumTerm(
      labelled: tensor.sum(axes: axes, dtype: tensor.dtype == .bool ? .int64 : tensor.dtype),
      labels.filter { kept.contains($0) })
  }

  /// With the axes in an order and of given sizes; size 1 broadcasts.
  private func view(_ order: [EinsumLabel], _ sizes: (EinsumLabel) -> Int) -> Tensor {
    let permuted = tensor.permuted(order.compactMap { labels.firstIndex(of: $0) })
    return permuted.expanded(to: Shape(order.map(sizes)))
  }

  /// The sums of products with another term over what is not kept: one matrix product for each element of what both keep.
  func joined(_ other: EinsumTerm, keeping kept: Set<EinsumLabel>) -> EinsumTerm {
    let a = summed(keeping: kept.union(other.labels))
    let b = other.summed(keeping: kept.union(labels))
    let shared = a.labels.filter { b.labels.contains($0) }
    let batch = shared.filter { kept.contains($0) }
    let contracted = shared.filter { !kept.contains($0) }
    let rows = a.labels.filter { !shared.contains($0) }
    let columns = b.labels.filter { !shared.contains($0) }
    func size(_ label: EinsumLabel) -> Int {
      switch (a.size(label), b.size(label)) {
      case (let x?, let y?): x == 1 ? y : x
      case (let x, let y): x ?? y ?? 1
      }
    }
    func count(_ labels: [EinsumLabel]) -> Int { labels.reduce(1) { $0 * size($1) } }
    let (n, m, k) = (count(batch), count(rows), count(contracted))
    let left = a.view(batch + rows + contracted, size).reshaped(to: [n, m, k])
    let right = b.view(batch + contracted + columns, size).reshaped(to: [n, k, count(columns)])
    let product = contracted.isEmpty ? left * right : left.matmul(right)
    let order = batch + rows + columns
    return EinsumTerm(labelled: product.reshaped(to: Shape(order.map(size))), order)
  }

  /// The result: summed over what it lacks, in its order.
  func arranged(_ order: [EinsumLabel], _ sizes: [EinsumLabel: Int]) -> Tensor {
    summed(keeping: Set(order)).view(order) { sizes[$0] ?? 1 }
  }
}
