import LatheCPU
import LatheCore

/// The mean loss of sparse rows plus half the squared weights by a factor, and its gradient.
///
/// Parameters lie as in `LinearObjective`. Gradients are sums over each column's rows, so that no sum depends on threads.
struct SparseObjective {
  let x: SparseRows
  let columns: SparseRows
  let targets: [Double]
  let weights: [Double]?
  let loss: LinearLoss
  let fitsIntercept: Bool
  let l2: Double
  var penalizesIntercept = false

  init(
    _ x: SparseRows, targets: [Double], weights: [Double]?, loss: LinearLoss, fitsIntercept: Bool, l2: Double,
    penalizesIntercept: Bool = false
  ) {
    (self.x, columns) = (x, x.transposed())
    (self.targets, self.weights, self.loss) = (targets, weights, loss)
    (self.fitsIntercept, self.l2, self.penalizesIntercept) = (fitsIntercept, l2, penalizesIntercept)
  }

  var parameterCount: Int { loss.outputs * (x.columns + (fitsIntercept ? 1 : 0)) }

  func evaluate(_ parameters: [Double], gradient: inout [Double]) -> Double {
    let outputs = loss.outputs
    let inWeights = outputs * x.columns
    let scale = 1 / (weights?.reduce(0, +) ?? Double(x.rows))
    var scores = x.scores(parameters, outputs: outputs)
    if fitsIntercept { for i in scores.indices { scores[i] += parameters[inWeights + i % outputs] } }
    var slopes = [Double](repeating: 0, count: scores.count)
    let sum = slopes.withUnsafeMutableBufferPointer { slopes -> Double in
      guard let to = slopes.baseAddress else { return 0 }
      return scores.withUnsafeMutableBufferPointer { scores in
        targets.withUnsafeBufferPointer { targets in
          (weights ?? []).withUnsafeBufferPointer { weights in
            guard let from = scores.baseAddress, let targets = targets.baseAddress else { return 0 }
            return loss.add(from, targets, weights.isEmpty ? nil : weights.baseAddress, x.rows, to)
          }
        }
      }
    }
    gradient.withUnsafeMutableBufferPointer { gradient in
      let gradient = gradient
      ThreadPool.shared.parallelFor(x.columns, grain: 256) { range in
        for column in range {
          for k in 0..<outputs {
            var sum = 0.0
            for i in columns.starts[column]..<columns.starts[column + 1] {
              sum += columns.values[i] * slopes[Int(columns.places[i]) * outputs + k]
            }
            gradient[k * x.columns + column] = sum * scale
          }
        }
      }
    }
    if fitsIntercept {
      for k in 0..<outputs {
        gradient[inWeights + k] =
          stride(from: k, to: slopes.count, by: outputs).reduce(0) { $0 + slopes[$1] } * scale
      }
    }
    var value = sum * scale
    for i in 0..<(penalizesIntercept ? parameterCount : inWeights) {
      value += 0.5 * l2 * parameters[i] * parameters[i]
      gradient[i] += l2 * parameters[i]
    }
    return value
  }
}

extension SparseRows {
  /// What is wrong with rows and targets, said before training.
  func check(_ targets: [Double], _ weights: [Double]?, what: String) throws -> Int {
    let data = LabelledRows(FeatureMatrix([Double](), rows: rows, columns: 0), targets, weights: weights)
    guard columns > 0, values.allSatisfy(\.isFinite) else {
      throw LatheError(.invalidArgument, "\(what): rows without columns, or with values that are not finite")
    }
    return try LinearChecks.classes(data, what: what)
  }
}

extension LogisticRegression {
  /// Trains a model of sparse rows, with L2 alone.
  ///
  /// - Throws: `LatheError.invalidArgument` for values that are not finite, one class alone, and a penalty of absolute weights.
  public static func train(
    _ x: SparseRows, _ targets: [Double], weights: [Double]? = nil, _ configuration: Configuration = .init()
  ) throws -> LogisticRegression {
    let what = "logistic regression"
    let classes = try x.check(targets, weights, what: what)
    try LinearChecks.expect(
      configuration.c > 0 && configuration.l1Ratio == 0,
      "\(what): of sparse rows c must be above 0, and l1Ratio 0; train from dense rows otherwise")
    let data = LabelledRows(FeatureMatrix([Double](), rows: x.rows, columns: 0), targets, weights: weights)
    let own = try configuration.classWeights.rowWeights(data, classes: classes, what: what)
    let total = own?.reduce(0, +) ?? Double(x.rows)
    let objective = SparseObjective(
      x, targets: targets, weights: own, loss: classes == 2 ? .logistic : .multinomial(classes),
      fitsIntercept: configuration.fitsIntercept, l2: 1 / (configuration.c * total))
    let result = LBFGS(maxIterations: configuration.maxIterations, tolerance: configuration.tolerance)
      .minimize(
        from: .init(repeating: 0, count: objective.parameterCount)
      ) { objective.evaluate($0, gradient: &$1) }
    let outputs = objective.loss.outputs
    return LogisticRegression(
      coefficients: (0..<outputs).map { Array(result.point[$0 * x.columns..<($0 + 1) * x.columns]) },
      intercepts: configuration.fitsIntercept
        ? Array(result.point[(outputs * x.columns)...]) : .init(repeating: 0, count: outputs),
      iterations: result.iterations, hasConverged: result.hasConverged)
  }

  /// The weighted sums of sparse rows, for each row one for each output.
  public func scores(_ x: SparseRows) -> [Double] { x.scores(coefficients, intercepts) }

  /// The probability of each class of sparse rows, class after class in each row.
  public func probabilities(_ x: SparseRows) -> [Double] {
    let scores = scores(x)
    if coefficients.count == 1 { return scores.flatMap { [logistic(-$0), logistic($0)] } }
    return RowAnswers.softmax(scores, classes: classes)
  }

  /// The most probable class of each sparse row.
  public func predict(_ x: SparseRows) -> [Double] {
    RowAnswers.classes(scores(x), outputs: coefficients.count)
  }
}

extension LinearSVC {
  /// Trains a model of sparse rows.
  ///
  /// - Throws: `LatheError.invalidArgument` for values that are not finite, and one class alone.
  public static func train(
    _ x: SparseRows, _ targets: [Double], weights: [Double]? = nil, _ configuration: Configuration = .init()
  ) throws -> LinearSVC {
    let what = "linear SVM"
    try LinearChecks.expect(configuration.c > 0, "\(what): c is \(configuration.c); it must be above 0")
    let classes = try x.check(targets, weights, what: what)
    let data = LabelledRows(FeatureMatrix([Double](), rows: x.rows, columns: 0), targets, weights: weights)
    let own = try configuration.classWeights.rowWeights(data, classes: classes, what: what)
    let total = own?.reduce(0, +) ?? Double(x.rows)
    return minimized(targets, classes: classes, columns: x.columns, configuration) { signs in
      let objective = SparseObjective(
        x, targets: signs, weights: own, loss: .squaredHinge, fitsIntercept: configuration.fitsIntercept,
        l2: 1 / (configuration.c * total), penalizesIntercept: true)
      return { objective.evaluate($0, gradient: &$1) }
    }
  }

  /// The class of each sparse row.
  public func predict(_ x: SparseRows) -> [Double] {
    RowAnswers.classes(x.scores(coefficients, intercepts), outputs: coefficients.count)
  }
}

extension NaiveBayes {
  /// Learns counts from sparse rows, as `multinomial` does from dense ones.
  ///
  /// - Throws: `LatheError.invalidArgument` for values that are negative or not finite, and one class alone.
  public static func trainMultinomial(
    _ x: SparseRows, _ targets: [Double], weights: [Double]? = nil, alpha: Double = 1
  ) throws -> NaiveBayes {
    let what = "naive Bayes"
    let classes = try x.check(targets, weights, what: what)
    try LinearChecks.expect(
      alpha > 0 && x.values.allSatisfy { $0 >= 0 }, "\(what): counts must not be negative, and alpha above 0")
    var counts = [[Double]](repeating: .init(repeating: alpha, count: x.columns), count: classes)
    var totals = [Double](repeating: 0, count: classes)
    for row in 0..<x.rows {
      let (own, weight) = (Int(targets[row]), weights?[row] ?? 1)
      totals[own] += weight
      for i in x.starts[row]..<x.starts[row + 1] { counts[own][Int(x.places[i])] += weight * x.values[i] }
    }
    let total = totals.reduce(0, +)
    return NaiveBayes(
      kind: .multinomial(alpha: alpha), classLogPriors: totals.map { logarithm($0 / total) },
      parameters: counts.map { list in
        let sum = list.reduce(0, +)
        return list.map { logarithm($0) - logarithm(sum) }
      }, variances: [])
  }

  /// The probability of each class of sparse rows, class after class in each row; of `multinomial` alone.
  public func probabilities(_ x: SparseRows) -> [Double] {
    guard case .multinomial = kind else {
      preconditionFailure("only multinomial naive Bayes takes sparse rows")
    }
    return RowAnswers.softmax(x.scores(parameters, classLogPriors), classes: classes)
  }

  /// The most probable class of each sparse row; of `multinomial` alone.
  public func predict(_ x: SparseRows) -> [Double] { RowAnswers.largest(probabilities(x), of: classes) }
}

extension SparseRows {
  fileprivate func scores(_ coefficients: [[Double]], _ intercepts: [Double]) -> [Double] {
    require(
      coefficients.allSatisfy { $0.count == columns },
      "the model knows \(coefficients.first?.count ?? 0) columns, the rows have \(columns)")
    var scores = scores(coefficients.flatMap { $0 }, outputs: coefficients.count)
    for i in scores.indices { scores[i] += intercepts[i % coefficients.count] }
    return scores
  }
}
