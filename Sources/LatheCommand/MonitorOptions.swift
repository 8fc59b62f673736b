import LatheML

extension TrainingOptions {
  /// The names in --metrics.
  private var metricNames: [String] { metrics?.split(separator: ",").map(String.init) ?? [] }

  /// The figures that need no metric.
  private static let plain = [Monitor.Figure.loss, .accuracy]

  /// Every metric's name.
  private static let knownMetrics = TestMetric.names(of: .classes) + TestMetric.names(of: .numbers)

  /// What is wrong with the names of figures; nil where nothing is.
  var monitorProblem: String? {
    for name in metricNames where TestMetric(name: name) == nil {
      if TrainingOptions.plain.contains(where: { $0.name == name }) {
        return "--metrics \(name): loss and accuracy are always shown; leave it out"
      }
      let known = TrainingOptions.knownMetrics
      return "unknown metric '\(name)'; \(Suggestion.sentence(for: name, among: known))"
    }
    if metrics != nil && metricNames.isEmpty {
      return "--metrics is empty; known are \(TrainingOptions.knownMetrics.joined(separator: ", "))"
    }
    if let monitor, figure == nil {
      let known = TrainingOptions.plain.map(\.name) + TrainingOptions.knownMetrics
      return "unknown monitor '\(monitor)'; \(Suggestion.sentence(for: monitor, among: known))"
    }
    return nil
  }

  /// What of the figures and of what ends the run by them does not go together; nil where nothing is.
  var monitorCombinationProblem: String? {
    if let target, let monitor, isShare, !(target > 0 && target <= 1) {
      return "--target is \(target), but \(monitor) is at most 1; give a number above 0 and not above 1"
    }
    guard targetAccuracy != nil else { return nil }
    if target != nil { return "--target-accuracy is --monitor accuracy with --target; give one of them" }
    if let monitor, figure != .accuracy {
      return "--target-accuracy watches the accuracy; with --monitor \(monitor) give --target"
    }
    return nil
  }

  /// The figure of --monitor; nil where none is named, or none has that name.
  private var figure: Monitor.Figure? {
    guard let monitor else { return nil }
    return TrainingOptions.plain.first { $0.name == monitor }
      ?? TestMetric(name: monitor).map(Monitor.Figure.metric)
  }

  /// Whether the figure of --monitor is a share, the larger the better.
  private var isShare: Bool {
    if figure == .accuracy { return true }
    let metric = monitor.flatMap(TestMetric.init(name:))
    return metric.map { $0.kind == .classes && $0.largerIsBetter } ?? false
  }

  /// The metrics asked for and the one monitored, each once.
  var testMetrics: [TestMetric] {
    var names: Set<String> = []
    return (metricNames + [monitor].compactMap { $0 }).filter { names.insert($0).inserted }
      .compactMap(TestMetric.init(name:))
  }

  /// What decides which weights are best.
  var bestMonitor: Monitor { Monitor(figure ?? .loss) }

  /// What ends the run before all epochs are done.
  var earlyStopping: EarlyStopping? {
    guard patience != nil || target != nil || targetAccuracy != nil else { return nil }
    return EarlyStopping(
      targetAccuracy == nil ? bestMonitor : Monitor(.accuracy), patience: patience,
      target: target ?? targetAccuracy)
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

#if CommandLine
  import ArgumentParser

  /// Which figures of the tests are shown, and which of them ends the run.
  struct MonitorOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp(
        "Further figures of the tests, with commas between: f1-macro, top-5, rmse and others.",
        valueName: "list"))
    var metrics: String?

    @Option(
      help: ArgumentHelp(
        "The figure of the test that decides which weights are best, and that --patience and --target watch: loss, accuracy "
          + "or a metric; without it loss.", valueName: "name"))
    var monitor: String?

    @Option(
      parsing: .unconditional, help: "Ends when the monitored figure has not improved for so many epochs.")
    var patience: Int?

    @Option(parsing: .unconditional, help: "Ends when the monitored figure is as good as this.")
    var target: Double?

    @Option(
      parsing: .unconditional,
      help: "Ends when the test accuracy reaches this; --patience then watches it, too.")
    var targetAccuracy: Double?

    /// Sets what these flags say.
    func put(into options: inout TrainingOptions) {
      options.metrics = metrics
      options.monitor = monitor
      options.patience = patience
      options.target = target
      options.targetAccuracy = targetAccuracy
    }
  }
#endif
