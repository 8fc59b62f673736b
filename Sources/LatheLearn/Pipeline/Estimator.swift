import LatheCore

/// A kind of model with its settings, for a `Pipeline`.
public enum Estimator: Sendable, Hashable {
  /// Classes by weighted sums of features.
  case logisticRegression(LogisticRegression.Configuration = .init())
  /// Classes by a plane.
  case linearSVC(LinearSVC.Configuration = .init())
  /// Numbers by least squares, or ridge regression.
  case linearRegression(LinearRegression.Configuration = .init())
  /// Numbers by few weights: lasso, elastic net.
  case elasticNet(ElasticNet.Configuration = .init())
  /// Counts.
  case poisson(PoissonRegressor.Configuration = .init())
  /// Classes by features that are taken for independent.
  case naiveBayes(NaiveBayes.Kind = .gaussian())
  /// Classes or numbers by boosted trees; of classes the loss takes as many as there are.
  case boostedTrees(BoostingConfiguration)
  /// Classes or numbers, as its criterion says, by one tree or many: random forests, extremely randomised trees.
  case forest(ForestConfiguration)
  /// Classes by small trees that vote by weight.
  case adaBoost(AdaBoost.Configuration = .init())
  /// Classes or numbers by the nearest rows.
  case nearestNeighbors(NearestNeighbors.Configuration)
  /// Classes by planes among kernels.
  case svc(SVC.Configuration = .init())
  /// Numbers by a plane among kernels.
  case svr(SVR.Configuration = .init())
  /// Numbers by weighted sums that rows may be off by epsilon.
  case linearSVR(LinearSVR.Configuration = .init())
  /// Quantiles by weighted sums.
  case quantile(QuantileRegressor.Configuration = .init())
  /// Classes or numbers, as the loss says, by weighted sums that are learned row by row.
  case sgd(SGDConfiguration = .init())
  /// Numbers as values of a Gaussian process.
  case gaussianProcess(GaussianProcessRegressor.Configuration = .init())
  /// Classes by a Gaussian process.
  case gaussianProcessClassifier(GaussianProcessClassifier.Configuration = .init())
  /// What another library brings, such as `TabularNetwork`.
  case custom(CustomEstimator)
  /// Classes as normal distributions with the same covariances.
  case linearDiscriminant
  /// Classes as normal distributions with covariances of their own.
  case quadraticDiscriminant(QuadraticDiscriminant.Configuration = .init())
  /// Numbers by small trees whose weighted median answers.
  case adaBoostRegressor(AdaBoostRegressor.Configuration = .init())
  /// Classes by a model whose scores are made probabilities.
  indirect case calibrated(Estimator, CalibratedClassifier.Configuration = .init())

  /// Whether it tells classes, not numbers.
  public var isClassifier: Bool {
    switch self {
    case .logisticRegression, .linearSVC, .naiveBayes, .adaBoost: true
    case .boostedTrees(let configuration): configuration.loss.isClassification
    case .forest(let configuration): configuration.tree.criterion != .squaredError
    case .nearestNeighbors(let configuration): configuration.isClassification
    case .svc, .gaussianProcessClassifier, .linearDiscriminant, .quadraticDiscriminant, .calibrated: true
    case .sgd(let configuration): configuration.loss.isOfClasses
    case .custom(let own): own.settings.isClassifier
    default: false
    }
  }

  /// Trains a model of rows.
  ///
  /// - Parameter classes: How many classes there are; 0 of numbers.
  package func train(_ data: LabelledRows, classes: Int) throws -> FittedEstimator {
    switch self {
    case .logisticRegression(let c): return .logisticRegression(try .train(data, c))
    case .linearSVC(let c): return .linearSVC(try .train(data, c))
    case .linearRegression(let c): return .linearRegression(try .train(data, c))
    case .elasticNet(let c): return .elasticNet(try .train(data, c))
    case .poisson(let c): return .poisson(try .train(data, c))
    case .naiveBayes(let kind): return .naiveBayes(try .train(data, kind))
    case .boostedTrees(var c):
      if isClassifier { c.loss = classes == 2 ? .binary : .multiclass(classes) }
      return .boostedTrees(try .train(data, c))
    case .forest(let c): return .forest(try .train(data, c))
    case .adaBoost(let c): return .adaBoost(try .train(data, c))
    case .nearestNeighbors(let c):
      return .nearestNeighbors(
        try .init(data, k: c.k, weights: c.weights, isClassification: c.isClassification))
    case .svc(let c): return .svc(try .train(data, c))
    case .svr(let c): return .svr(try .train(data, c))
    case .linearSVR(let c): return .linearSVR(try .train(data, c))
    case .quantile(let c): return .quantile(try .train(data, c))
    case .sgd(let c):
      return c.loss.isOfClasses ? .sgdClassifier(try .train(data, c)) : .sgdRegressor(try .train(data, c))
    case .gaussianProcess(let c): return .gaussianProcess(try .train(data, c))
    case .gaussianProcessClassifier(let c): return .gaussianProcessClassifier(try .train(data, c))
    case .custom(let own): return .custom(try own.settings.train(data, classes: classes))
    case .linearDiscriminant: return .linearDiscriminant(try .train(data))
    case .quadraticDiscriminant(let c): return .quadraticDiscriminant(try .train(data, c))
    case .adaBoostRegressor(let c): return .adaBoostRegressor(try .train(data, c))
    case .calibrated(let own, let c): return .calibrated(try .train(data, own, c))
    }
  }
}

/// A trained model of a pipeline.
public enum FittedEstimator: Sendable {
  /// Classes by weighted sums of features.
  case logisticRegression(LogisticRegression)
  /// Classes by a plane.
  case linearSVC(LinearSVC)
  /// Numbers by least squares.
  case linearRegression(LinearRegression)
  /// Numbers by few weights.
  case elasticNet(ElasticNet)
  /// Counts.
  case poisson(PoissonRegressor)
  /// Classes by independent features.
  case naiveBayes(NaiveBayes)
  /// Boosted trees.
  case boostedTrees(BoostedTrees)
  /// One tree or many.
  case forest(Forest)
  /// Small trees that vote.
  case adaBoost(AdaBoost)
  /// Kept rows.
  case nearestNeighbors(NearestNeighbors)
  /// Several models that answer together.
  case ensemble(FittedEnsemble)
  /// Classes by planes among kernels.
  case svc(SVC)
  /// Numbers by a plane among kernels.
  case svr(SVR)
  /// Numbers by weighted sums that rows may be off by epsilon.
  case linearSVR(LinearSVR)
  /// Quantiles by weighted sums.
  case quantile(QuantileRegressor)
  /// Classes by weighted sums that are learned row by row.
  case sgdClassifier(SGDClassifier)
  /// Numbers by weighted sums that are learned row by row.
  case sgdRegressor(SGDRegressor)
  /// Numbers as values of a Gaussian process.
  case gaussianProcess(GaussianProcessRegressor)
  /// Classes by a Gaussian process.
  case gaussianProcessClassifier(GaussianProcessClassifier)
  /// What another library brought.
  case custom(any TablePredictor)
  /// Classes as normal distributions with the same covariances.
  case linearDiscriminant(LinearDiscriminant)
  /// Classes as normal distributions with covariances of their own.
  case quadraticDiscriminant(QuadraticDiscriminant)
  /// Numbers by small trees whose weighted median answers.
  case adaBoostRegressor(AdaBoostRegressor)
  /// Classes by models whose scores are made probabilities.
  case calibrated(CalibratedClassifier)

  /// Whether rows may have missing values.
  var allowsMissing: Bool {
    switch self {
    case .boostedTrees, .forest, .adaBoost, .adaBoostRegressor, .custom: true
    default: false
    }
  }

  /// Numbers, or the places of classes.
  public func predict(_ x: FeatureMatrix) -> [Double] {
    switch self {
    case .logisticRegression(let model): model.predict(x)
    case .linearSVC(let model): model.predict(x)
    case .linearRegression(let model): model.predict(x)
    case .elasticNet(let model): model.predict(x)
    case .poisson(let model): model.predict(x)
    case .naiveBayes(let model): model.predict(x)
    case .boostedTrees(let model): model.predict(x)
    case .forest(let model): model.predict(x)
    case .adaBoost(let model): model.predict(x)
    case .nearestNeighbors(let model): model.predict(x)
    case .ensemble(let model): model.predict(x)
    case .svc(let model): model.predict(x)
    case .svr(let model): model.predict(x)
    case .linearSVR(let model): model.predict(x)
    case .quantile(let model): model.predict(x)
    case .sgdClassifier(let model): model.predict(x)
    case .sgdRegressor(let model): model.predict(x)
    case .gaussianProcess(let model): model.predict(x)
    case .gaussianProcessClassifier(let model): model.predict(x)
    case .custom(let model): model.answers(x)
    case .linearDiscriminant(let model): model.predict(x)
    case .quadraticDiscriminant(let model): model.predict(x)
    case .adaBoostRegressor(let model): model.predict(x)
    case .calibrated(let model): model.predict(x)
    }
  }

  /// The probability of each class, class after class in each row; nil where the model knows none.
  public func probabilities(_ x: FeatureMatrix) -> [Double]? {
    switch self {
    case .logisticRegression(let model): return model.probabilities(x)
    case .naiveBayes(let model): return model.probabilities(x)
    case .boostedTrees(let model) where model.loss.isClassification:
      let found = model.probabilities(x)
      return model.outputs == 1 ? found.flatMap { [1 - $0, $0] } : found
    case .forest(let model) where model.classes > 0: return model.probabilities(x)
    case .adaBoost(let model): return model.probabilities(x)
    case .nearestNeighbors(let model) where model.classes > 0: return model.probabilities(x)
    case .ensemble(let model): return model.probabilities(x)
    case .sgdClassifier(let model): return model.probabilities(x)
    case .gaussianProcessClassifier(let model): return model.probabilities(x)
    case .custom(let model): return model.chances(x)
    case .linearDiscriminant(let model): return model.probabilities(x)
    case .quadraticDiscriminant(let model): return model.probabilities(x)
    case .calibrated(let model): return model.probabilities(x)
    default: return nil
    }
  }

  /// Features of a row, and classes; 0 of numbers.
  package var shape: (columns: Int, classes: Int) {
    switch self {
    case .logisticRegression(let model): (model.coefficients.first?.count ?? 0, model.classes)
    case .linearSVC(let model): (model.coefficients.first?.count ?? 0, model.classes)
    case .linearRegression(let model): (model.coefficients.count, 0)
    case .elasticNet(let model): (model.coefficients.count, 0)
    case .poisson(let model): (model.coefficients.count, 0)
    case .naiveBayes(let model): (model.parameters.first?.count ?? 0, model.classes)
    case .boostedTrees(let model):
      (model.featureNames.count, model.loss.isClassification ? max(2, model.outputs) : 0)
    case .forest(let model): (model.featureNames.count, model.classes)
    case .adaBoost(let model): (model.featureNames.count, model.classes)
    case .nearestNeighbors(let model): (model.rows.columns, model.classes)
    case .ensemble(let model): (model.columns, model.classes)
    case .svc(let model): (model.columns, model.classes)
    case .svr(let model): (model.columns, 0)
    case .linearSVR(let model): (model.coefficients.count, 0)
    case .quantile(let model): (model.coefficients.count, 0)
    case .sgdClassifier(let model): (model.columns, model.classes)
    case .sgdRegressor(let model): (model.coefficients.count, 0)
    case .gaussianProcess(let model): (model.columns, 0)
    case .gaussianProcessClassifier(let model): (model.columns, model.classes)
    case .custom(let model): (model.columns, model.classes)
    case .linearDiscriminant(let model): (model.mean.count, model.classes)
    case .quadraticDiscriminant(let model): (model.columns, model.classes)
    case .adaBoostRegressor(let model): (model.featureNames.count, 0)
    case .calibrated(let model): (model.members.first?.model.shape.columns ?? 0, model.classes)
    }
  }
}
