import LatheCore

extension BoostedTrees {
  /// The model in XGBoost's JSON format.
  ///
  /// - Throws: `LatheError.unsupported` for what XGBoost has no name or no condition for.
  public func xgboostJSON() throws -> String { try XGBoostWriter(model: self).text() }
}

/// Makes XGBoost's trees of ours.
///
/// XGBoost tells whole numbers from others by the point, so that the text is made here.
private struct XGBoostWriter {
  let model: BoostedTrees

  func text() throws -> String {
    let (columns, outputs) = (model.featureNames.count, model.outputs)
    let trees = try model.trees.enumerated().map { try tree($0.element, number: $0.offset) }
    let starts = (0...model.rounds).map { "\($0 * outputs)" }
    let owners = model.trees.indices.map { "\($0 % outputs)" }
    let names = model.featureNames.map(Self.quoted)
    return """
      {"learner":{"attributes":{},"feature_names":\(Self.list(names)),"feature_types":\(Self.list(types())),\
      "gradient_booster":{"model":{"gbtree_model_param":{"num_parallel_tree":"1","num_trees":"\(trees.count)"},\
      "iteration_indptr":\(Self.list(starts)),"tree_info":\(Self.list(owners)),"trees":\(Self.list(trees))},\
      "name":"gbtree"},"learner_model_param":{"base_score":"\(baseScore())","boost_from_average":"1",\
      "num_class":"\(outputs > 1 ? outputs : 0)","num_feature":"\(columns)","num_target":"1"},\
      "objective":{\(try objective())}},"version":[3,0,0]}
      """
  }

  private static func list(_ values: [String]) -> String { "[" + values.joined(separator: ",") + "]" }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\" + String(scalar)
      case _ where scalar.value < 32: result += " "
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// 'c' for columns that some split takes for categories.
  private func types() -> [String] {
    var types = [String](repeating: "\"float\"", count: model.featureNames.count)
    for tree in model.trees {
      for split in tree.splits where split.categories != nil { types[split.feature] = "\"c\"" }
    }
    return types
  }

  private func objective() throws -> String {
    let weight = ",\"reg_loss_param\":{\"scale_pos_weight\":\"1\"}"
    switch model.loss {
    case .squared: return "\"name\":\"reg:squarederror\"" + weight
    case .absolute: return "\"name\":\"reg:absoluteerror\""
    case .poisson:
      return "\"name\":\"count:poisson\",\"poisson_regression_param\":{\"max_delta_step\":\"0.7\"}"
    case .binary: return "\"name\":\"binary:logistic\"" + weight
    case .multiclass(let classes):
      return "\"name\":\"multi:softprob\",\"softmax_multiclass_param\":{\"num_class\":\"\(classes)\"}"
    case .lambdaRank:
      return "\"name\":\"rank:ndcg\",\"lambdarank_param\":{\"lambdarank_pair_method\":\"topk\"}"
    case .quantile, .huber:
      throw LatheError(
        .unsupported, "XGBoost model: quantile and Huber losses have no equal in XGBoost's format")
    }
  }

  /// Scores to start from; those that differ between outputs are in the first trees.
  private func baseScore() -> String {
    guard model.outputs == 1 else { return "0E0" }
    switch model.loss {
    case .binary: return "\(Float(logistic(model.baseScores[0])))"
    case .poisson: return "\(Float(exponential(model.baseScores[0])))"
    default: return "\(Float(model.baseScores[0]))"
    }
  }

  private func tree(_ tree: Tree, number: Int) throws -> String {
    var tree = tree
    if model.outputs > 1 && number < model.outputs { tree.add(model.baseScores[number]) }
    var nodes = Nodes()
    // Nodes are numbered as they are met from the root on, which must be the first.
    var open = [(place: tree.splits.isEmpty ? ~0 : 0, parent: Int(Int32.max))]
    var next = 0
    while next < open.count {
      let (place, parent) = open[next]
      nodes.parents.append(parent)
      if place < 0 {
        nodes.append(tree.leaves[~place])
      } else {
        let split = tree.splits[place]
        let isCategorical = split.categories != nil
        nodes.left.append(open.count)
        nodes.right.append(open.count + 1)
        open.append((isCategorical ? split.right : split.left, next))
        open.append((isCategorical ? split.left : split.right, next))
        try nodes.append(split, node: next)
      }
      next += 1
    }
    return nodes.text(id: number, columns: model.featureNames.count)
  }

  /// The lists of a tree.
  private struct Nodes {
    var parents: [Int] = []
    var left: [Int] = []
    var right: [Int] = []
    private var weights: [Float] = []
    private var conditions: [Float] = []
    private var gains: [Float] = []
    private var hessians: [Float] = []
    private var features: [Int] = []
    private var kinds: [Int] = []
    private var defaults: [Int] = []
    private var categories: [Int] = []
    private var categoryNodes: [Int] = []
    private var categoryStarts: [Int] = []
    private var categorySizes: [Int] = []

    mutating func append(_ leaf: TreeLeaf) {
      left.append(-1)
      right.append(-1)
      weights.append(Float(leaf.values[0]))
      conditions.append(Float(leaf.values[0]))
      gains.append(0)
      hessians.append(Float(leaf.cover))
      features.append(0)
      kinds.append(0)
      defaults.append(0)
    }

    mutating func append(_ split: TreeSplit, node: Int) throws {
      if split.missing == .zero {
        throw LatheError(
          .unsupported, "XGBoost model: a split takes zeros for missing values; XGBoost knows only NaN")
      }
      weights.append(Float(split.values[0]))
      gains.append(Float(split.gain))
      hessians.append(Float(split.cover))
      features.append(split.feature)
      if let words = split.categories {
        let own = (0..<words.count * 32).filter { words[$0 >> 5] >> UInt32($0 & 31) & 1 == 1 }
        categoryNodes.append(node)
        categoryStarts.append(categories.count)
        categorySizes.append(own.count)
        categories += own
        conditions.append(0)
        kinds.append(1)
        defaults.append(split.missingGoesLeft ? 0 : 1)
        return
      }
      // The smallest float32 above the threshold: what is below it goes left.
      let rounded = Float(split.threshold)
      conditions.append(Double(rounded) > split.threshold ? rounded : rounded.nextUp)
      kinds.append(0)
      // A split that saw no missing values takes NaN for zero.
      let goesLeft = split.missing == .none ? 0 <= split.threshold : split.missingGoesLeft
      defaults.append(goesLeft ? 1 : 0)
    }

    func text(id: Int, columns: Int) -> String {
      func list<T>(_ key: String, _ values: [T]) -> String {
        "\"\(key)\":[" + values.map { "\($0)" }.joined(separator: ",") + "]"
      }
      let lists = [
        list("base_weights", weights), list("categories", categories),
        list("categories_nodes", categoryNodes),
        list("categories_segments", categoryStarts), list("categories_sizes", categorySizes),
        list("default_left", defaults), "\"id\":\(id)", list("left_children", left),
        list("loss_changes", gains),
        list("parents", parents), list("right_children", right), list("split_conditions", conditions),
        list("split_indices", features), list("split_type", kinds), list("sum_hessian", hessians),
      ]
      return "{" + lists.joined(separator: ",")
        + ",\"tree_param\":{\"num_deleted\":\"0\",\"num_feature\":\"\(columns)\",\"num_nodes\":\"\(left.count)\","
        + "\"size_leaf_vector\":\"1\"}}"
    }
  }
}
