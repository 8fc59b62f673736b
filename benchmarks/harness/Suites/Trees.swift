import Lathe
import LatheLearn

/// Models of tables: boosted trees as LightGBM's defaults are, a random forest, and exact Shapley values.
///
/// They work on the host's cores whatever the device is.
enum TreesSuite {
  static var workloads: [Workload] {
    [
      boosting(rows: 20_000, isQuick: true), boosting(rows: 1_000_000), prediction(rows: 1_000_000),
      forest(rows: 20_000), contributions(rows: 1_000),
    ]
  }

  private static let columns = 30
  private static let trees = 100

  /// Standard normal columns, and classes by products, waves and noise of some of them.
  static func table(rows: Int) -> LabelledRows {
    var random = RandomSource(seed: 1)
    var values = [Float](repeating: 0, count: rows * columns)
    var targets = [Double](repeating: 0, count: rows)
    for row in 0..<rows {
      var x = (0..<columns).map { _ in random.normal() }
      for j in 0..<columns {
        values[row * columns + j] = Float(x[j])
        x[j] = Double(values[row * columns + j])
      }
      let score =
        1.2 * x[0] + x[1] * x[2] + (x[3] > 0 ? 1 : -1) + 0.5 * abs(x[4]) + 0.3 * x[5...9].reduce(0, +)
      targets[row] = score + random.normal() > 0.4 ? 1 : 0
    }
    return LabelledRows(FeatureMatrix(values, rows: rows, columns: columns), targets)
  }

  private static func parameters(_ rows: Int) -> [String: Int] {
    ["rows": rows, "columns": columns, "trees": trees, "leaves": 31]
  }

  private static func boosting(rows: Int, isQuick: Bool = false) -> Workload {
    Workload(
      .trees, "boosting", "\(rows)x\(columns), \(trees) trees", parameters: parameters(rows),
      work: .items(rows * trees, "rows"), isQuick: isQuick, hasPeers: true
    ) { _ in
      let data = table(rows: rows)
      func train() throws -> BoostedTrees {
        try BoostedTrees.train(data, BoostingConfiguration(loss: .binary))
      }
      return Trial(tolerance: 0.12) {
        _ = try train()
      } check: {
        // What is left to a perfect order; the noise alone leaves some.
        1 - LearnMetrics.auc(try train().scores(data.features), data.targets)
      }
    }
  }

  private static func prediction(rows: Int) -> Workload {
    Workload(
      .trees, "prediction", "\(rows)x\(columns), \(trees) trees", parameters: parameters(rows),
      work: .items(rows, "rows"), hasPeers: true
    ) { _ in
      let model = try BoostedTrees.train(table(rows: 20_000), BoostingConfiguration(loss: .binary))
      let x = table(rows: rows).features
      return Trial(tolerance: 1e-12) {
        _ = model.scores(x)
      } check: {
        let scores = model.scores(x)
        return (0..<min(1000, rows)).reduce(0) { worst, row in
          let expected = model.trees.reduce(model.baseScores[0]) {
            $0 + $1.leaves[$1.leaf { x[row, $0] }].values[0]
          }
          return max(worst, abs(scores[row] - expected))
        }
      }
    }
  }

  private static func forest(rows: Int) -> Workload {
    Workload(
      .trees, "forest", "\(rows)x\(columns), \(trees) trees", parameters: parameters(rows),
      work: .items(rows * trees, "rows"), hasPeers: true
    ) { _ in
      let data = table(rows: rows)
      func train() throws -> Forest { try Forest.train(data, .randomForest(.gini)) }
      return Trial(tolerance: 0.01) {
        _ = try train()
      } check: {
        let answers = try train().predict(data.features)
        return Double(zip(answers, data.targets).filter { $0 != $1 }.count) / Double(rows)
      }
    }
  }

  private static func contributions(rows: Int) -> Workload {
    Workload(
      .trees, "shap", "\(rows)x\(columns), \(trees) trees", parameters: parameters(rows),
      work: .items(rows, "rows"), hasPeers: true
    ) { _ in
      let data = table(rows: 20_000)
      let model = try BoostedTrees.train(data, BoostingConfiguration(loss: .binary))
      let explainer = try TreeSHAP(model)
      let x = data.features.selecting(rows: Array(0..<rows))
      let scores = model.scores(x)
      return Trial(tolerance: 1e-9) {
        _ = explainer.contributions(x)
      } check: {
        let found = explainer.contributions(x)
        return (0..<rows).reduce(0) { worst, row in
          let sum = found[row * columns..<(row + 1) * columns].reduce(explainer.expected[0], +)
          return max(worst, abs(sum - scores[row]))
        }
      }
    }
  }
}
