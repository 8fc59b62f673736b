import LatheML

extension TrainingOptions {
  /// The names in --metrics.
  private var metricNames: [String] { self.metrics.map(TrainingOptions.metricNames) ?? [] }

  fileprivate static func metricNames(_ list: String) -> [String] {
    list.split(separator: ",").map(String.init)
  }

  /// The figures that need no metric.
  fileprivate static let plain = [Monitor.Figure.loss, .accuracy]

  /// Every metric's name.
  fileprivate static let knownMetrics = TestMetric.names(of: .classes) + TestMetric.names(of: .numbers)

  /// What of the figures and of what ends the run by them does not go together; nil where nothing is.
  var monitorCombinationProblem: String? {
    if let target = self.target, let monitor = self.monitor, isShare, !(target > 0 && target <= 1) {
      return "--target is \(target), but \(monitor) is at most 1; give a number above 0 and not above 1"
    }
    guard self.targetAccuracy != nil else { return nil }
    if self.target != nil { return "--target-accuracy is --monitor accuracy with --target; give one of them" }
    if let monitor = self.monitor, figure != .accuracy {
      return "--target-accuracy watches the accuracy; with --monitor \(monitor) give --target"
    }
    return nil
  }

  /// The figure of --monitor; nil where none is named, or none has that name.
  private var figure: Monitor.Figure? { self.monitor.flatMap(TrainingOptions.figure) }

  /// The figure with a name; nil where there is none.
  fileprivate static func figure(_ name: String) -> Monitor.Figure? {
    plain.first { $0.name == name } ?? TestMetric(name: name).map(Monitor.Figure.metric)
  }

  /// Whether the figure of --monitor is a share, the larger the better.
  private var isShare: Bool {
    if figure == .accuracy { return true }
    let metric = self.monitor.flatMap(TestMetric.init(name:))
    return metric.map { $0.kind == .classes && $0.largerIsBetter } ?? false
  }

  /// The metrics asked for and the one monitored, each once.
  var testMetrics: [TestMetric] {
    var names: Set<String> = []
    return (metricNames + [self.monitor].compactMap { $0 }).filter { names.insert($0).inserted }
      .compactMap(TestMetric.init(name:))
  }

  /// What decides which weights are best.
  var bestMonitor: Monitor { Monitor(figure ?? .loss) }

  /// What ends the run before all epochs are done.
  var earlyStopping: EarlyStopping? {
    guard self.patience != nil || self.target != nil || self.targetAccuracy != nil else { return nil }
    return EarlyStopping(
      self.targetAccuracy == nil ? bestMonitor : Monitor(.accuracy), patience: self.patience,
      target: self.target ?? self.targetAccuracy)
  }

  /// Checks that a network has the figures asked for.
  ///
  /// - Parameter classes: How many classes there are, where that is known.
  /// - Throws: `LatheError.invalidArgument` that names those it has.
  func checkMetrics(_ recipe: ModelRecipe, classes: Int? = nil) throws {
    do {
      try TestMetric.check(testMetrics, for: recipe.objective(), classes: classes)
    } catch let error as LatheError {
      throw LatheError(error.kind, "\(recipe.name): \(error.message)")
    }
    let hasAnswers = recipe.task != .reconstruction && recipe.task != .variational
    if !hasAnswers, earlyStopping?.monitor.figure == .accuracy || bestMonitor.figure == .accuracy {
      throw LatheError(
        .invalidArgument,
        "\(recipe.name) gives no answers that are right or wrong; monitor its loss instead of the accuracy")
    }
  }
}

extension SettingRule where Value == String {
  /// Names of metrics with commas between.
  static var metrics: SettingRule {
    SettingRule { name, value in
      let known = TrainingOptions.knownMetrics
      let names = TrainingOptions.metricNames(value)
      if names.isEmpty { return "--\(name) is empty; known are \(known.joined(separator: ", "))" }
      guard let word = names.first(where: { TestMetric(name: $0) == nil }) else { return nil }
      return TrainingOptions.plain.contains { $0.name == word }
        ? "--\(name) \(word): loss and accuracy are always shown; leave it out"
        : "unknown metric '\(word)'; \(Suggestion.sentence(for: word, among: known))"
    }
  }

  /// The name of a figure.
  static var monitor: SettingRule {
    SettingRule { _, value in
      guard TrainingOptions.figure(value) == nil else { return nil }
      let known = TrainingOptions.plain.map(\.name) + TrainingOptions.knownMetrics
      return "unknown monitor '\(value)'; \(Suggestion.sentence(for: value, among: known))"
    }
  }
}
