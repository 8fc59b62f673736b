import LatheSearch

extension ModelFamily {
  /// Settings to begin with.
  var beginnings: [[String: SearchValue]] {
    switch self {
    case .logistic: [["c": 1], ["c": 0.1], ["c": 0.01], ["c": 10]]
    case .ridge: [["alpha": 1], ["alpha": 10], ["alpha": 100]]
    case .elasticNet: [["alpha": 0.01, "l1_ratio": 0.5], ["alpha": 0.1, "l1_ratio": 0.5]]
    case .quantile: [["alpha": 0.001], ["alpha": 0.1]]
    case .naiveBayes, .linearDiscriminant: [[:]]
    case .countBayes: [["alpha": 1]]
    case .quadraticDiscriminant: [["regularization": 0.1], ["regularization": 0.01]]
    case .kernelSVM: [["c": 1, "gamma": 1], ["c": 10, "gamma": 0.3]]
    case .gaussianProcess: [["length": 1, "noise": 0.3], ["length": 3, "noise": 1]]
    case .adaBoost:
      [["trees": 50, "depth": 1, "learning_rate": 1], ["trees": 100, "depth": 2, "learning_rate": 0.3]]
    case .neighbors: [["k": 5, "weights": "uniform"], ["k": 25, "weights": "distance"]]
    case .decisionTree: [["depth": 3, "leaf_rows": 5], ["depth": 5, "leaf_rows": 5]]
    case .randomForest: [["leaf_rows": 1, "features": 0], ["leaf_rows": 5, "features": 0]]
    case .extraTrees: [["leaf_rows": 1, "features": 0], ["leaf_rows": 5, "features": 0]]
    case .boostedTrees:
      [
        [
          "trees": 100, "learning_rate": 0.1, "leaves": 31, "leaf_rows": 20, "columns": 1.0, "rows": 1.0,
          "l2": 0.001, "texts": "one-hot",
        ],
        [
          "trees": 200, "learning_rate": 0.03, "leaves": 8, "leaf_rows": 20, "columns": 0.7, "rows": 0.8,
          "l2": 1.0, "texts": "categories",
        ],
      ]
    }
  }

  /// What it is tuned in; nil where nothing can be set.
  func space(rows: Int) throws -> SearchSpace? {
    let mostLeafRows = max(2, min(100, rows / 10))
    switch self {
    case .logistic: return try SearchSpace([.init("c", .logUniform(1e-4...1e3))])
    case .ridge: return try SearchSpace([.init("alpha", .logUniform(1e-4...1e5))])
    case .elasticNet:
      return try SearchSpace([
        .init("alpha", .logUniform(1e-5...1)), .init("l1_ratio", .uniform(0...1)),
      ])
    case .quantile: return try SearchSpace([.init("alpha", .logUniform(1e-5...1))])
    case .naiveBayes, .linearDiscriminant: return nil
    case .countBayes: return try SearchSpace([.init("alpha", .logUniform(1e-3...10))])
    case .quadraticDiscriminant: return try SearchSpace([.init("regularization", .logUniform(1e-3...1))])
    case .kernelSVM:
      return try SearchSpace([.init("c", .logUniform(0.05...200)), .init("gamma", .logUniform(0.01...3))])
    case .gaussianProcess:
      return try SearchSpace([.init("length", .logUniform(0.3...10)), .init("noise", .logUniform(0.01...3))])
    case .adaBoost:
      return try SearchSpace([
        .init("trees", .logInteger(20...300)), .init("depth", .integer(1...4)),
        .init("learning_rate", .logUniform(0.05...1.5)),
      ])
    case .neighbors:
      return try SearchSpace([
        .init("k", .logInteger(1...max(2, min(200, rows / 4)))),
        .init("weights", .choice(["uniform", "distance"])),
      ])
    case .decisionTree:
      return try SearchSpace([
        .init("depth", .integer(1...6)), .init("leaf_rows", .logInteger(1...mostLeafRows)),
      ])
    case .randomForest, .extraTrees:
      return try SearchSpace([
        .init("leaf_rows", .logInteger(1...mostLeafRows)), .init("features", .uniform(0...1)),
      ])
    case .boostedTrees:
      return try SearchSpace([
        .init("trees", .logInteger(30...600)), .init("learning_rate", .logUniform(0.01...0.3)),
        .init("leaves", .logInteger(2...64)), .init("leaf_rows", .logInteger(1...mostLeafRows)),
        .init("columns", .uniform(0.3...1)), .init("rows", .uniform(0.5...1)),
        .init("l2", .logUniform(1e-3...30)), .init("texts", .choice(["categories", "one-hot"])),
      ])
    }
  }
}
