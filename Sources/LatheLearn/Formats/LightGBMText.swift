import LatheCore

extension BoostedTrees {
  /// Reads a model in LightGBM's text format (version 3 or 4).
  public init(lightGBM text: String) throws {
    self = try LightGBMReader(text).model()
  }

  /// The model in LightGBM's text format, which LightGBM and shap read.
  public func lightGBMText() -> String { LightGBMWriter(model: self).text() }
}

/// LightGBM's name of a loss, and back.
enum LightGBMObjective {
  static func loss(_ line: String, classes: Int) throws -> BoostingLoss {
    let words = line.split(separator: " ").map(String.init)
    func number(_ key: String) -> Double? {
      words.first { $0.hasPrefix(key + ":") }.flatMap { Double($0.dropFirst(key.count + 1)) }
    }
    switch words.first ?? "regression" {
    case "regression", "regression_l2", "custom", "none": return .squared
    case "regression_l1": return .absolute
    case "quantile": return .quantile(number("alpha") ?? 0.9)
    case "huber": return .huber(number("alpha") ?? 0.9)
    case "poisson": return .poisson
    case "binary":
      if let sigmoid = number("sigmoid"), sigmoid != 1 {
        throw LatheError(.unsupported, "LightGBM model: 'binary sigmoid:\(sigmoid)'; only sigmoid:1 is known")
      }
      return .binary
    case "multiclass":
      guard let count = Int(exactly: number("num_class") ?? Double(classes)) else {
        throw LatheError(.format, "LightGBM model: '\(line)' has no whole number of classes")
      }
      return .multiclass(count)
    case "lambdarank": return .lambdaRank()
    default: throw LatheError(.unsupported, "LightGBM model: the objective '\(line)' is not known")
    }
  }

  static func line(_ loss: BoostingLoss) -> String {
    switch loss {
    case .squared: "regression"
    case .absolute: "regression_l1"
    case .quantile(let alpha): "quantile alpha:\(alpha)"
    case .huber(let alpha): "huber alpha:\(alpha)"
    case .poisson: "poisson"
    case .binary: "binary sigmoid:1"
    case .multiclass(let classes): "multiclass num_class:\(classes)"
    case .lambdaRank: "lambdarank"
    }
  }
}

/// Reads blocks of `key=value` lines, byte by byte, since models may be large.
private struct LightGBMReader {
  private var blocks: [[Substring: Substring]] = [[:]]
  private var isAverage = false

  init(_ text: String) throws {
    guard text.hasPrefix("tree") else {
      throw LatheError(.format, "LightGBM model: the text does not begin with the line 'tree'")
    }
    let ends: [UInt8] = [UInt8(ascii: "\n"), UInt8(ascii: "\r")]
    for line in text.utf8.split(whereSeparator: { ends.contains($0) }) {
      let equals = line.firstIndex(of: UInt8(ascii: "="))
      let line = Substring(line)
      if line == "end of trees" { break }
      if line == "average_output" { isAverage = true }
      if line.hasPrefix("Tree=") { blocks.append([:]) }
      guard let equals else { continue }
      blocks[blocks.count - 1][line[..<equals]] = line[line.utf8.index(after: equals)...]
    }
  }

  func model() throws -> BoostedTrees {
    let head = blocks[0]
    guard let columns = head["max_feature_idx"].flatMap({ Int($0) }), columns >= 0, columns < Int(Int32.max)
    else {
      throw LatheError(.format, "LightGBM model: no valid 'max_feature_idx'")
    }
    let outputs = head["num_tree_per_iteration"].flatMap { Int($0) } ?? 1
    guard (1...1 << 20).contains(outputs), (blocks.count - 1) % outputs == 0 else {
      throw LatheError(.format, "LightGBM model: \(blocks.count - 1) trees for \(outputs) outputs")
    }
    var trees = try blocks.dropFirst().enumerated().map {
      try tree($0.element, number: $0.offset, columns: columns + 1)
    }
    if isAverage { for i in trees.indices { trees[i].scale(by: Double(outputs) / Double(trees.count)) } }
    let names = head["feature_names"]?.split(separator: " ").map(String.init) ?? []
    try FeatureLimit.check(columns + 1, named: names.count, "LightGBM model")
    let loss = try LightGBMObjective.loss(
      head["objective"].map(String.init) ?? "regression", classes: outputs)
    guard loss.outputs == outputs else {
      throw LatheError(
        .format, "LightGBM model: \(outputs) trees in a round, but the objective has \(loss.outputs)")
    }
    return BoostedTrees(
      trees: trees, baseScores: .init(repeating: 0, count: outputs), loss: loss,
      featureNames: names.count == columns + 1 ? names : (0...columns).map { "Column_\($0)" })
  }

  private func tree(_ block: [Substring: Substring], number: Int, columns: Int) throws -> Tree {
    func fail(_ what: String) -> LatheError { LatheError(.format, "LightGBM model: tree \(number): \(what)") }
    func list<T: LosslessStringConvertible>(_ key: Substring, _ count: Int, _ missing: T? = nil) throws -> [T]
    {
      guard let text = block[key] else {
        if let missing { return [T](repeating: missing, count: count) }
        throw fail("no '\(key)'")
      }
      let parts = text.utf8.split(separator: UInt8(ascii: " "))
      let values = parts.compactMap { T(String(Substring($0))) }
      guard values.count == parts.count, values.count == count else {
        throw fail("'\(key)' must have \(count) numbers")
      }
      return values
    }
    if block["is_linear"] == "1" {
      throw LatheError(.unsupported, "LightGBM model: linear leaves are not supported")
    }
    guard let leafCount = block["num_leaves"].flatMap({ Int($0) }), leafCount >= 1, leafCount <= 1 << 24
    else {
      throw fail("no valid 'num_leaves'")
    }
    let values: [Double] = try list("leaf_value", leafCount)
    if leafCount == 1 { return Tree(value: values) }
    let count = leafCount - 1
    let features: [Int] = try list("split_feature", count)
    let thresholds: [Double] = try list("threshold", count)
    let kinds: [Int] = try list("decision_type", count)
    let lefts: [Int] = try list("left_child", count)
    let rights: [Int] = try list("right_child", count)
    let gains: [Double] = try list("split_gain", count, 0)
    let means: [Double] = try list("internal_value", count, 0)
    let covers: [Double] = try list("internal_weight", count, 0)
    let rows: [Int] = try list("internal_count", count, 0)
    let leafCovers: [Double] = try list("leaf_weight", leafCount, 0)
    let leafRows: [Int] = try list("leaf_count", leafCount, 0)
    let categoryCount = block["num_cat"].flatMap { Int($0) } ?? 0
    guard categoryCount >= 0, categoryCount <= count else { throw fail("'num_cat' is \(categoryCount)") }
    let bounds: [Int] = categoryCount > 0 ? try list("cat_boundaries", categoryCount + 1) : [0]
    let words: [UInt32] = categoryCount > 0 ? try list("cat_threshold", max(0, bounds[categoryCount])) : []
    guard features.allSatisfy({ $0 >= 0 && $0 < columns }) else { throw fail("a column that is not there") }
    // Splits that name the same place share its words.
    let sets = try (0..<categoryCount).map { place in
      guard bounds[place] >= 0, bounds[place] <= bounds[place + 1], bounds[place + 1] <= words.count else {
        throw fail("'cat_boundaries' do not rise")
      }
      return Array(words[bounds[place]..<bounds[place + 1]])
    }
    let splits = try (0..<count).map { i in
      var categories: [UInt32]?
      if kinds[i] & 1 == 1 {
        let place = Int(exactly: thresholds[i]) ?? -1
        guard place >= 0, place < categoryCount else {
          throw fail("split \(i) names categories that are not there")
        }
        categories = sets[place]
      }
      guard let missing = MissingValues(rawValue: kinds[i] >> 2 & 3) else {
        throw fail("'decision_type' \(kinds[i])")
      }
      return TreeSplit(
        feature: features[i], threshold: categories == nil ? thresholds[i] : 0, categories: categories,
        missing: missing, missingGoesLeft: categories == nil && kinds[i] & 2 != 0, left: lefts[i],
        right: rights[i], gain: gains[i], values: [means[i]], cover: covers[i], rows: rows[i])
    }
    let leaves = (0..<leafCount).map {
      TreeLeaf(values: [values[$0]], cover: leafCovers[$0], rows: leafRows[$0])
    }
    let tree = Tree(splits: splits, leaves: leaves)
    guard tree.isSound else { throw fail("its children do not make a tree") }
    return tree
  }
}

/// Writes a model.
private struct LightGBMWriter {
  let model: BoostedTrees

  func text() -> String {
    let trees = model.trees.enumerated().map { number, tree -> String in
      // LightGBM has no scores to start from: those of the first round's trees hold them.
      var tree = tree
      if number < model.outputs { tree.add(model.baseScores[number]) }
      return "Tree=\(number)\n" + block(tree) + "\n\n"
    }
    let columns = model.featureNames.count
    let names = model.featureNames.map { String($0.map { $0.isWhitespace ? "_" : $0 }) }
    var text = """
      tree
      version=v4
      num_class=\(model.outputs)
      num_tree_per_iteration=\(model.outputs)
      label_index=0
      max_feature_idx=\(columns - 1)
      objective=\(LightGBMObjective.line(model.loss))
      feature_names=\(names.joined(separator: " "))
      feature_infos=\([String](repeating: "[-inf:inf]", count: columns).joined(separator: " "))
      tree_sizes=\(trees.map { String($0.utf8.count) }.joined(separator: " "))


      """
    for tree in trees { text += tree }
    text +=
      "end of trees\n\nfeature_importances:\n\nparameters:\nend of parameters\n\npandas_categorical:null\n"
    return text
  }

  private func block(_ tree: Tree) -> String {
    func list<T>(_ key: String, _ values: [T]) -> String {
      key + "=" + values.map { "\($0)" }.joined(separator: " ") + "\n"
    }
    var bounds = [0]
    var words: [UInt32] = []
    let thresholds = tree.splits.map { split -> String in
      guard let categories = split.categories else { return "\(split.threshold)" }
      words += categories
      bounds.append(words.count)
      return "\(bounds.count - 2)"
    }
    let kinds = tree.splits.map { split in
      (split.categories != nil ? 1 : 0) + (split.missingGoesLeft ? 2 : 0) + split.missing.rawValue << 2
    }
    var text = list("num_leaves", [tree.leaves.count]) + list("num_cat", [bounds.count - 1])
    text += list("split_feature", tree.splits.map(\.feature)) + list("split_gain", tree.splits.map(\.gain))
    text += list("threshold", thresholds) + list("decision_type", kinds)
    text += list("left_child", tree.splits.map(\.left)) + list("right_child", tree.splits.map(\.right))
    text += list("leaf_value", tree.leaves.map { $0.values[0] })
    text += list("leaf_weight", tree.leaves.map(\.cover)) + list("leaf_count", tree.leaves.map(\.rows))
    text += list("internal_value", tree.splits.map { $0.values[0] })
    text +=
      list("internal_weight", tree.splits.map(\.cover)) + list("internal_count", tree.splits.map(\.rows))
    if bounds.count > 1 { text += list("cat_boundaries", bounds) + list("cat_threshold", words) }
    return text + "is_linear=0\nshrinkage=1\n"
  }
}
