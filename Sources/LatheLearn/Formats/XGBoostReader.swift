import FoundationEssentials
import LatheCore

extension BoostedTrees {
  /// Reads a model in XGBoost's JSON format.
  ///
  /// XGBoost looks at features in float32; predictions for values that are none may differ at a threshold.
  public init(xgboostJSON text: String) throws {
    try JSONNesting.check(text.utf8, "XGBoost model")
    let file: XGBoostFile
    do {
      file = try JSONDecoder().decode(XGBoostFile.self, from: Data(text.utf8))
    } catch {
      throw LatheError(.format, "XGBoost model: the JSON is not that of a tree model: \(error)")
    }
    self = try XGBoostReader(learner: file.learner).model()
  }
}

/// Makes our trees of XGBoost's.
private struct XGBoostReader {
  let learner: XGBoostFile.Learner

  func model() throws -> BoostedTrees {
    guard let model = learner.gradientBooster.model ?? learner.gradientBooster.gbtree?.model else {
      throw LatheError(
        .unsupported, "XGBoost model: booster '\(learner.gradientBooster.name)'; only trees are supported")
    }
    let parameters = learner.learnerModelParam
    let classes = Int(parameters.numClass) ?? 0
    guard let columns = Int(parameters.numFeature), columns >= 1, columns < Int(Int32.max), classes >= 0,
      classes < 1 << 20,
      (Int(parameters.numTarget ?? "1") ?? 1) <= 1
    else {
      throw LatheError(
        .format, "XGBoost model: 'learner_model_param' has no valid num_feature, num_class or num_target")
    }
    let loss = try loss(classes)
    let outputs = loss.outputs
    guard outputs >= 1 else {
      throw LatheError(.format, "XGBoost model: '\(learner.objective.name)' for no classes; num_class is 0")
    }
    guard model.treeInfo.count == model.trees.count else {
      throw LatheError(
        .format,
        "XGBoost model: \(model.treeInfo.count) entries of 'tree_info' for \(model.trees.count) trees")
    }
    // Trees of a round are put in the order of their outputs, as those of forests are not.
    var room = Self.mostWords
    var byOutput = [[Tree]](repeating: [], count: outputs)
    for (number, content) in model.trees.enumerated() {
      guard (0..<outputs).contains(model.treeInfo[number]) else {
        throw LatheError(
          .format, "XGBoost model: tree \(number) belongs to output \(model.treeInfo[number]) of \(outputs)")
      }
      var tree = try tree(content, number: number, columns: columns, room: &room)
      if let weights = learner.gradientBooster.weightDrop, number < weights.count {
        tree.scale(by: Double(weights[number]))
      }
      byOutput[model.treeInfo[number]].append(tree)
    }
    guard Set(byOutput.map(\.count)).count == 1 else {
      throw LatheError(.format, "XGBoost model: the outputs have unequally many trees")
    }
    let trees = byOutput[0].indices.flatMap { round in byOutput.map { $0[round] } }
    let names = learner.featureNames ?? []
    try FeatureLimit.check(columns, named: names.count, "XGBoost model")
    return BoostedTrees(
      trees: trees, baseScores: try baseScores(loss), loss: loss,
      featureNames: names.count == columns ? names : (0..<columns).map { "Column_\($0)" })
  }

  private func loss(_ classes: Int) throws -> BoostingLoss {
    switch learner.objective.name {
    case "reg:squarederror", "reg:linear": return .squared
    case "reg:absoluteerror": return .absolute
    case "reg:quantileerror": return .quantile(0.5)
    case "reg:pseudohubererror": return .huber(1)
    case "count:poisson": return .poisson
    case "binary:logistic", "binary:logitraw": return .binary
    case "multi:softprob", "multi:softmax": return .multiclass(classes)
    case "rank:ndcg", "rank:pairwise", "rank:map": return .lambdaRank()
    default:
      throw LatheError(.unsupported, "XGBoost model: the objective '\(learner.objective.name)' is not known")
    }
  }

  /// Words of categories that all trees may have.
  private static let mostWords = 1 << 24

  /// Scores to start from, which the file has as probabilities or means; newer versions write a list.
  private func baseScores(_ loss: BoostingLoss) throws -> [Double] {
    let text = learner.learnerModelParam.baseScore.filter { $0 != "[" && $0 != "]" && $0 != " " }
    let values = text.split(separator: ",").compactMap { Float($0) }
    guard values.count == 1 || values.count == loss.outputs else {
      throw LatheError(.format, "XGBoost model: 'base_score' is '\(learner.learnerModelParam.baseScore)'")
    }
    return (0..<loss.outputs).map { k in
      let value = Double(values[values.count == 1 ? 0 : k])
      switch learner.objective.name {
      case "binary:logistic": return -logarithm(1 / value - 1)
      case "count:poisson": return logarithm(value)
      default: return value
      }
    }
  }

  private func tree(
    _ content: XGBoostFile.TreeContent, number: Int, columns: Int, room: inout Int
  ) throws -> Tree {
    func fail(_ what: String) -> LatheError { LatheError(.format, "XGBoost model: tree \(number): \(what)") }
    let count = content.leftChildren.count
    let lengths = [
      content.rightChildren.count, content.splitConditions.count, content.splitIndices.count,
      content.defaultLeft.count,
      content.sumHessian.count, content.lossChanges.count, content.baseWeights.count,
    ]
    guard count >= 1, lengths.allSatisfy({ $0 == count }) else {
      throw fail("its lists are not equally long")
    }
    var places = [Int](repeating: 0, count: count)
    var (splitCount, leafCount) = (0, 0)
    for node in 0..<count {
      if content.leftChildren[node] < 0 {
        places[node] = ~leafCount
        leafCount += 1
      } else {
        places[node] = splitCount
        splitCount += 1
      }
    }
    let sets = try categories(content, &room, fail)
    var splits: [TreeSplit] = []
    var leaves: [TreeLeaf] = []
    for node in 0..<count {
      let cover = Double(content.sumHessian[node])
      let condition = content.splitConditions[node]
      if content.leftChildren[node] < 0 {
        leaves.append(TreeLeaf(values: [Double(condition)], cover: cover, rows: 0))
        continue
      }
      let children = [content.leftChildren[node], content.rightChildren[node]]
      guard children.allSatisfy({ $0 > 0 && $0 < count }), (0..<columns).contains(content.splitIndices[node])
      else {
        throw fail("node \(node) names a child or a column that is not there")
      }
      let missingLeft = content.defaultLeft[node].isSet
      let isCategorical = content.splitType.indices.contains(node) && content.splitType[node] == 1
      // There categories of the list go right, and values below the condition left.
      splits.append(
        TreeSplit(
          feature: content.splitIndices[node], threshold: isCategorical ? 0 : Double(condition.nextDown),
          categories: isCategorical ? sets[node] ?? [] : nil, missing: .nan,
          missingGoesLeft: isCategorical ? !missingLeft : missingLeft,
          left: places[children[isCategorical ? 1 : 0]], right: places[children[isCategorical ? 0 : 1]],
          gain: Double(content.lossChanges[node]), values: [Double(content.baseWeights[node])], cover: cover,
          rows: 0))
    }
    let tree = Tree(splits: splits, leaves: leaves)
    guard places[0] == 0 || count == 1, tree.isSound else { throw fail("its children do not make a tree") }
    return tree
  }

  private func categories(
    _ content: XGBoostFile.TreeContent, _ room: inout Int, _ fail: (String) -> LatheError
  ) throws -> [Int: [UInt32]] {
    var sets: [Int: [UInt32]] = [:]
    guard content.categoriesNodes.count == content.categoriesSegments.count,
      content.categoriesNodes.count == content.categoriesSizes.count
    else { throw fail("its lists of categories are not equally long") }
    for (i, node) in content.categoriesNodes.enumerated() {
      let (first, size) = (content.categoriesSegments[i], content.categoriesSizes[i])
      guard first >= 0, size >= 0, size <= content.categories.count, first <= content.categories.count - size
      else {
        throw fail("node \(node) has categories that are not there")
      }
      let own = content.categories[first..<first + size]
      guard own.allSatisfy({ $0 >= 0 && $0 < 1 << 24 }) else {
        throw fail("node \(node) has an impossible category")
      }
      let count = ((own.max() ?? -1) + 32) / 32
      // A single large category takes as many words as all below it.
      room -= count
      guard room >= 0 else {
        throw fail("categories are too large: the bits of all trees take more than 64 MB")
      }
      var words = [UInt32](repeating: 0, count: count)
      for category in own { words[category >> 5] |= 1 << UInt32(category & 31) }
      sets[node] = words
    }
    return sets
  }
}
