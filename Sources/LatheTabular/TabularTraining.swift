import Lathe
import LatheCore
import LatheLearn
import LatheNN
import LatheTraining

/// One run of training of a network of a table.
struct TabularTraining {
  private let settings: TabularNetwork
  private let data: LabelledRows
  private let classes: Int
  private let layout: FeatureLayout
  /// Targets are learned less the mean and divided by the deviation of those to learn from.
  private var center = 0.0, scale = 1.0

  init(_ settings: TabularNetwork, _ data: LabelledRows, classes: Int) throws {
    self.settings = settings
    self.data = data
    self.classes = classes
    layout = try FeatureLayout(data.features, what: settings.architecture.name)
    try layout.check(data.features, what: settings.architecture.name)
    guard layout.columns.isSound else {
      throw LatheError(
        .invalidArgument,
        "\(settings.architecture.name): \(layout.columns.cardinalities.reduce(0, +)) categories, 268 million are the most; "
          + "join rare ones")
    }
  }

  /// Rows that are too few to keep some apart.
  private static let fewRows = 40

  func run() throws -> FittedTabularNetwork {
    var own = self
    return try own.trained()
  }

  private mutating func trained() throws -> FittedTabularNetwork {
    let rows = data.features.rows
    let split = try split()
    if classes == 0 { standardise(split.train) }
    let values = layout.rows(data.features, 0..<rows)
    let targets: TabularRows.Targets =
      classes > 0
      ? .classes(data.targets.map { Int32($0) }) : .numbers(data.targets.map { Float(($0 - center) / scale) })
    let weights = data.weights.map { own in
      // So that a mean weight of one leaves the steps as they are.
      let mean = own.reduce(0, +) / Double(rows)
      return own.map { Float($0 / mean) }
    }
    let testBatch = FittedTabularNetwork.batchRows(settings.architecture, layout.columns)
    func part(_ places: [Int]) -> TabularRows {
      TabularRows(
        values, width: layout.width, targets: targets, weights: weights, rows: places,
        testBatchSize: testBatch)
    }
    let (train, test) = (part(split.train), split.test.isEmpty ? nil : part(split.test))
    let generator = Generator(seed: settings.seed)
    let module = settings.architecture.module(
      layout.columns, outputs: max(classes, 1), generator: generator, device: settings.device)
    let best = BestWeights()
    let trainer = try Trainer(
      model: module,
      optimizer: Adam(
        module.decayGroups(weightDecay: settings.weightDecay), learningRate: settings.learningRate ?? 1e-3,
        decoupledDecay: settings.weightDecay),
      generator: generator, training: train, test: test,
      objective: classes > 0 ? ClassificationObjective() : NumberObjective(), callbacks: [best],
      configuration: configuration(train.count, isTested: test != nil), device: settings.device)
    _ = try trainer.run()
    return try FittedTabularNetwork(
      facts: .init(
        architecture: settings.architecture, layout: layout, classes: classes, center: center, scale: scale,
        epochs: trainer.history.count, bestEpoch: best.epoch,
        validationLoss: best.epoch > 0 ? trainer.history[best.epoch - 1].testLoss : nil),
      state: try withUnknown(best.state), device: settings.device)
  }

  private func configuration(_ count: Int, isTested: Bool) -> TrainerConfiguration {
    let size = min(settings.batchSize ?? Self.batchSize(count), count)
    let steps = max(1, count / size)
    // Of many rows a few passes do; 6,000 steps are some minutes.
    let epochs = settings.epochs ?? min(100, max(10, 6000 / steps))
    var result = TrainerConfiguration(
      architecture: settings.architecture.name, data: "table", epochs: epochs, batchSize: size,
      seed: settings.seed)
    result.dropsLast = true
    result.clipping = .norm(1)
    if isTested { result.earlyStopping = EarlyStopping(patience: settings.patience) }
    return result
  }

  private static func batchSize(_ rows: Int) -> Int {
    switch rows {
    case ..<1000: 32
    case ..<5000: 64
    case ..<20_000: 128
    case ..<50_000: 256
    default: 512
    }
  }

  private func split() throws -> RowSplit {
    let rows = data.features.rows
    let all = RowSplit(train: Array(0..<rows), test: [])
    guard settings.validation > 0, rows >= Self.fewRows else { return all }
    guard classes > 0 else {
      return try RowSplits.random(rows: rows, test: settings.validation, seed: settings.seed)
    }
    let labels = data.targets.map { Int($0) }
    // Where classes are many and rows few, a part by chance is as good as any.
    let kept = try? RowSplits.keepingSingleRows(labels: labels) {
      [try RowSplits.stratified(labels: $0, test: settings.validation, seed: settings.seed)]
    }
    return try kept?.first
      ?? RowSplits.random(rows: rows, test: settings.validation, seed: settings.seed)
  }

  private mutating func standardise(_ rows: [Int]) {
    func weight(_ row: Int) -> Double { data.weights?[row] ?? 1 }
    let sum = rows.reduce(0) { $0 + weight($1) }
    guard sum > 0 else { return }
    let mean = rows.reduce(0) { $0 + weight($1) * data.targets[$1] } / sum
    let square = rows.reduce(0) { $0 + weight($1) * (data.targets[$1] - mean) * (data.targets[$1] - mean) }
    center = mean
    let deviation = (square / sum).squareRoot()
    scale = deviation > 0 && deviation.isFinite ? deviation : 1
  }

  /// Gives the unknown category of each column in which none was missing the mean of those that were there, by their rows.
  private func withUnknown(
    _ state: [String: (shape: Shape, values: BestWeights.Values)]
  ) throws -> [String: (shape: Shape, values: BestWeights.Values)] {
    guard let name = state.keys.first(where: { $0.hasSuffix("embedding.weight") }),
      let table = state[name], case .numbers(var values) = table.values
    else { return state }
    let width = table.shape[1]
    var first = 0
    for (column, count) in zip(layout.categories, layout.cardinalities) {
      defer { first += count }
      var counts = [Double](repeating: 0, count: count)
      for row in 0..<data.features.rows {
        let value = data.features[row, column]
        counts[value.isNaN ? 0 : Int(value) + 1] += 1
      }
      guard counts[0] == 0 else { continue }
      let total = counts.reduce(0, +)
      for element in 0..<width {
        let sum = (1..<count).reduce(0.0) {
          $0 + counts[$1] * Double(values[(first + $1) * width + element])
        }
        values[first * width + element] = Float(sum / total)
      }
    }
    var result = state
    result[name] = (table.shape, .numbers(values))
    return result
  }
}
