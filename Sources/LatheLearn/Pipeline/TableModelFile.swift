import FoundationEssentials
import LatheCore
import LatheFiles

/// The JSON of a stored `TableModel`: docs/tables.md describes it.
struct TableModelFile: Codable {
  static let format = "lathe-table-model"
  static let version = 1

  struct Target: Codable {
    var name: String
    var classes: [String]
  }

  struct Step: Codable {
    var kind: String
    var fills: [Double]?
    var texts: [String]?
    var centers: [Double]?
    var scales: [Double]?
    var categories: [[String?]]?
    var unknown: UnknownCategories?
    var learned: FeatureStep?
  }

  struct Part: Codable {
    var columns: [String]
    var isText: Bool
    var times: [String]
    var steps: [Step]
  }

  struct Model: Codable {
    var kind: String
    var linear: LinearRegression?
    var elasticNet: ElasticNet?
    var logistic: LogisticRegression?
    var svc: LinearSVC?
    var poisson: PoissonRegressor?
    var naiveBayes: NaiveBayes?
    /// Boosted trees in LightGBM's text format.
    var lightGBM: String?
    var forest: StoredForest?
    var neighbors: StoredNeighbors?
    var ensemble: StoredEnsemble?
    var kernelSVC: SVC?
    var kernelSVR: SVR?
    var linearSVR: LinearSVR?
    var quantile: QuantileRegressor?
    var sgdClassifier: SGDClassifier?
    var sgdRegressor: SGDRegressor?
    var gaussianProcess: GaussianProcessRegressor?
    var gaussianProcessClassifier: GaussianProcessClassifier?
    var custom: StoredCustomModel?
    var linearDiscriminant: LinearDiscriminant?
    var quadraticDiscriminant: QuadraticDiscriminant?
    var calibrated: StoredCalibration?
  }

  var format = Self.format
  var version = Self.version
  var target: Target
  var features: [Part]
  var model: Model
  var decision: DecisionRule?
  var rules: [ExpertRule]?
  var scorecard: Scorecard?
}

extension TableModel {
  /// The name of the file in a model's folder.
  public static let fileName = "table-model.json"

  /// Reads a model from its folder, or from the file itself.
  ///
  /// - Throws: `LatheError` naming what is wrong with the file.
  public init(path: String) throws {
    let file = path.hasSuffix(".json") ? path : "\(path)/\(Self.fileName)"
    let bytes: Data
    do { bytes = try Data(contentsOf: URL(filePath: file)) } catch {
      throw LatheError(
        .file, "\(file): cannot be read; `lathe train logistic` and the like store such models")
    }
    try JSONNesting.check(Array(bytes), file)
    do {
      var stored = try JSONDecoder().decode(TableModelFile.self, from: bytes)
      let folder = URL(filePath: file).deletingLastPathComponent().path
      var place = 0
      try stored.model.eachCustom {
        try $0.attach(weights: "\(folder)/\(TableModelFile.weightsName(place))")
        place += 1
      }
      self = try stored.tableModel()
    } catch let error as DecodingError {
      throw LatheError(.format, "\(file): not the JSON of a table model: \(DecodingErrors.text(error))")
    } catch let error as LatheError {
      throw LatheError(error.kind, "\(file): \(error.message)")
    }
  }

  /// Writes the model into a folder, which is made where it is not there; the file appears whole or not at all.
  public func save(to folder: String) throws {
    var stored = try TableModelFile(self)
    let bytes = try encoded(stored)
    try AtomicFile.makeFolder(folder)
    // Before the JSON, which is there where all is.
    var place = 0
    try stored.model.eachCustom {
      try $0.model?.saveWeights(to: "\(folder)/\(TableModelFile.weightsName(place))")
      place += 1
    }
    try AtomicFile.write(to: "\(folder)/\(Self.fileName)") { file in
      try bytes.withUnsafeBytes { try file.append($0) }
    }
  }

  /// How many bytes the file has, and those of weights beside it.
  package func storedSize() throws -> Int {
    var stored = try TableModelFile(self)
    var bytes = try encoded(stored).count
    stored.model.eachCustom { bytes += $0.model?.weightBytes ?? 0 }
    return bytes
  }

  private func encoded(_ stored: TableModelFile) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    do { return try encoder.encode(stored) } catch let error as LatheError {
      throw error
    } catch {
      throw LatheError(
        .training,
        "the model of '\(target)' learned numbers beyond float64; are there values near 1e308? scale the columns"
      )
    }
  }
}

extension TableModelFile {
  init(_ model: TableModel) throws {
    target = Target(name: model.target, classes: model.classes)
    features = model.features.parts.map { part in
      Part(columns: part.columns, isText: part.isText, times: part.times, steps: part.steps.map(Step.init))
    }
    self.model = try Model(model.estimator)
    (decision, scorecard) = (model.decision, model.scorecard)
    rules = model.rules.isEmpty ? nil : model.rules
  }

  /// - Throws: `LatheError` where parts do not fit each other.
  func tableModel() throws -> TableModel {
    guard format == Self.format else {
      throw LatheError(.format, "the format is '\(format)', not '\(Self.format)'")
    }
    guard version == Self.version else {
      throw LatheError(
        .format,
        "version \(version) of the format; this Lathe knows version \(Self.version), take a newer one")
    }
    let parts = try features.map { part in
      FittedTransformer.Part(
        columns: part.columns, isText: part.isText, times: part.times,
        steps: try part.steps.map { try $0.step(columns: part.columns) })
    }
    let fitted = FittedTransformer(parts: parts)
    let estimator = try self.model.estimator()
    let shape = estimator.shape
    guard let width = fitted.width, width == shape.columns, shape.classes == target.classes.count,
      Set(target.classes).count == target.classes.count
    else {
      throw LatheError(
        .format,
        "features, model (\(shape.columns) columns) and classes (\(target.classes.count)) do not fit each other"
      )
    }
    var model = TableModel(
      target: TargetEncoding(name: target.name, classes: target.classes), features: fitted,
      estimator: estimator)
    if let decision { model = try model.deciding(by: decision) }
    if let rules { model = try model.ruled(by: rules) }
    if let scorecard {
      guard scorecard.isSound, scorecard.target == target.name, target.classes.contains(scorecard.good) else {
        throw LatheError(.format, "the scorecard's bins and points do not fit each other, or the target")
      }
      model.scorecard = scorecard
    }
    return model
  }
}

extension FittedTransformer {
  /// How many features there are; nil where steps do not follow each other.
  var width: Int? {
    var sum = 0
    for part in parts {
      var (width, isText) = (part.columns.count, part.isText)
      for step in part.steps {
        switch step {
        case .fill(let fills): guard !isText, fills.count == width else { return nil }
        case .scale(let scaler):
          guard !isText, scaler.centers.count == width, scaler.scales.count == width else { return nil }
        case .fillTexts(let texts): guard isText, texts.count == width else { return nil }
        case .oneHot(let encoder):
          guard isText, encoder.categories.lists.count == width else { return nil }
          width = encoder.categories.lists.reduce(0) { $0 + $1.count }
          isText = false
        case .ordinal(let encoder, _):
          guard isText, encoder.categories.lists.count == width else { return nil }
          isText = false
        case .learned(let step):
          guard isText == step.isEncoder, let shape = step.shape, shape.inputs == width else { return nil }
          (width, isText) = (shape.outputs, false)
        }
      }
      if isText { return nil }
      sum += width
    }
    return sum
  }
}

extension TableModelFile.Step {
  fileprivate init(_ step: FittedTransformer.Step) {
    switch step {
    case .fill(let fills): self.init(kind: "fill", fills: fills)
    case .fillTexts(let texts): self.init(kind: "fillTexts", texts: texts)
    case .scale(let scaler): self.init(kind: "scale", centers: scaler.centers, scales: scaler.scales)
    case .oneHot(let encoder):
      self.init(kind: "oneHot", categories: encoder.categories.lists, unknown: encoder.unknown)
    case .ordinal(let encoder, let areCategories):
      self.init(
        kind: areCategories ? "categories" : "ordinal", categories: encoder.categories.lists,
        unknown: encoder.unknown)
    case .learned(let step): self.init(kind: "learned", learned: step)
    }
  }

  fileprivate func step(columns: [String]) throws -> FittedTransformer.Step {
    func needed<T>(_ value: T?, _ key: String) throws -> T {
      guard let value else { throw LatheError(.format, "a step '\(kind)' of \(columns) lacks '\(key)'") }
      return value
    }
    func known() throws -> Categories {
      let lists = try needed(categories, "categories")
      guard lists.allSatisfy({ Set($0).count == $0.count }) else {
        throw LatheError(.format, "a step '\(kind)' of \(columns) has a category twice")
      }
      return Categories(lists: lists)
    }
    switch kind {
    case "fill": return .fill(try needed(fills, "fills"))
    case "fillTexts": return .fillTexts(try needed(texts, "texts"))
    case "scale":
      return .scale(
        AnyScaler(centers: try needed(centers, "centers"), scales: try needed(scales, "scales")))
    case "oneHot": return .oneHot(OneHotEncoder(categories: try known(), unknown: unknown ?? .error))
    case "ordinal", "categories":
      let categories = try known()
      // A missing value stays missing, and has no place.
      guard !categories.lists.contains(where: { $0.contains(nil) }) else {
        throw LatheError(.format, "a step '\(kind)' of \(columns) has null among its categories")
      }
      return .ordinal(
        OrdinalEncoder(categories: categories, unknown: unknown ?? .error),
        areCategories: kind == "categories")
    case "learned": return .learned(try needed(learned, "learned"))
    default: throw LatheError(.format, "a step '\(kind)' of \(columns) is not known")
    }
  }
}

extension TableModelFile.Model {
  init(_ estimator: FittedEstimator) throws {
    switch estimator {
    case .linearRegression(let model): self.init(kind: "linear", linear: model)
    case .elasticNet(let model): self.init(kind: "elasticNet", elasticNet: model)
    case .logisticRegression(let model): self.init(kind: "logistic", logistic: model)
    case .linearSVC(let model): self.init(kind: "svc", svc: model)
    case .poisson(let model): self.init(kind: "poisson", poisson: model)
    case .naiveBayes(let model): self.init(kind: "naiveBayes", naiveBayes: model)
    case .boostedTrees(let model): self.init(kind: "boostedTrees", lightGBM: model.lightGBMText())
    case .forest(let model): self.init(kind: "forest", forest: try StoredForest(model))
    case .adaBoost(let model): self.init(kind: "adaBoost", forest: try StoredForest(model))
    case .nearestNeighbors(let model): self.init(kind: "neighbors", neighbors: StoredNeighbors(model))
    case .ensemble(let model): self.init(kind: "ensemble", ensemble: try StoredEnsemble(model))
    case .svc(let model): self.init(kind: "kernelSVC", kernelSVC: model)
    case .svr(let model): self.init(kind: "kernelSVR", kernelSVR: model)
    case .linearSVR(let model): self.init(kind: "linearSVR", linearSVR: model)
    case .quantile(let model): self.init(kind: "quantile", quantile: model)
    case .sgdClassifier(let model): self.init(kind: "sgdClassifier", sgdClassifier: model)
    case .sgdRegressor(let model): self.init(kind: "sgdRegressor", sgdRegressor: model)
    case .gaussianProcess(let model): self.init(kind: "gaussianProcess", gaussianProcess: model)
    case .gaussianProcessClassifier(let model):
      self.init(kind: "gaussianProcessClassifier", gaussianProcessClassifier: model)
    case .custom(let model): self.init(kind: "custom", custom: StoredCustomModel(model))
    case .linearDiscriminant(let model): self.init(kind: "linearDiscriminant", linearDiscriminant: model)
    case .quadraticDiscriminant(let model):
      self.init(kind: "quadraticDiscriminant", quadraticDiscriminant: model)
    case .adaBoostRegressor(let model):
      self.init(kind: "adaBoostRegressor", forest: try StoredForest(model))
    case .calibrated(let model): self.init(kind: "calibrated", calibrated: try StoredCalibration(model))
    }
  }

  func estimator() throws -> FittedEstimator {
    func isEven(_ coefficients: [[Double]], _ intercepts: [Double]) -> Bool {
      !coefficients.isEmpty && coefficients.count == intercepts.count && coefficients.count != 2
        && coefficients.allSatisfy { $0.count == coefficients[0].count }
    }
    switch kind {
    case "linear": if let linear { return .linearRegression(linear) }
    case "elasticNet": if let elasticNet { return .elasticNet(elasticNet) }
    case "poisson": if let poisson { return .poisson(poisson) }
    case "logistic":
      if let logistic, isEven(logistic.coefficients, logistic.intercepts) {
        return .logisticRegression(logistic)
      }
    case "naiveBayes": if let naiveBayes, naiveBayes.isSound { return .naiveBayes(naiveBayes) }
    case "svc": if let svc, isEven(svc.coefficients, svc.intercepts) { return .linearSVC(svc) }
    case "boostedTrees": if let lightGBM { return .boostedTrees(try BoostedTrees(lightGBM: lightGBM)) }
    case "forest": if let forest { return .forest(try forest.forest()) }
    case "adaBoost": if let forest { return .adaBoost(try forest.adaBoost()) }
    case "ensemble": if let ensemble { return .ensemble(try ensemble.model()) }
    case "neighbors": if let neighbors { return .nearestNeighbors(try neighbors.model()) }
    case "kernelSVC": if let kernelSVC, kernelSVC.isSound { return .svc(kernelSVC) }
    case "kernelSVR": if let kernelSVR, kernelSVR.isSound { return .svr(kernelSVR) }
    case "linearSVR": if let linearSVR { return .linearSVR(linearSVR) }
    case "quantile": if let quantile { return .quantile(quantile) }
    case "sgdClassifier": if let sgdClassifier, sgdClassifier.isSound { return .sgdClassifier(sgdClassifier) }
    case "sgdRegressor": if let sgdRegressor { return .sgdRegressor(sgdRegressor) }
    case "gaussianProcess":
      if let gaussianProcess, gaussianProcess.isSound { return .gaussianProcess(gaussianProcess) }
    case "gaussianProcessClassifier":
      if let model = gaussianProcessClassifier, model.isSound { return .gaussianProcessClassifier(model) }
    case "custom": if let model = custom?.model { return .custom(model) }
    case "linearDiscriminant":
      if let linearDiscriminant, linearDiscriminant.isSound { return .linearDiscriminant(linearDiscriminant) }
    case "quadraticDiscriminant":
      if let model = quadraticDiscriminant, model.isSound { return .quadraticDiscriminant(model) }
    case "adaBoostRegressor": if let forest { return .adaBoostRegressor(try forest.adaBoostRegressor()) }
    case "calibrated": if let calibrated { return .calibrated(try calibrated.model()) }
    default: throw LatheError(.format, "a model '\(kind)' is not known")
    }
    throw LatheError(.format, "the model '\(kind)' lacks its weights, or they are of unequal lengths")
  }
}
