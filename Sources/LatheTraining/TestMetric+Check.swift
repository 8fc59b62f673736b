import Lathe
import LatheData
import LatheNN

extension TestMetric {
  /// Checks that some metrics can be taken of what an objective makes of a model.
  ///
  /// - Parameter count: The number of classes, where it is known.
  /// - Throws: `LatheError.invalidArgument` where two have one name, or one does not fit the objective or the classes; it
  ///   names those that do.
  package static func check(_ metrics: [TestMetric], for objective: any Objective, classes count: Int?) throws
  {
    var names: Set = [Monitor.Figure.loss.name, Monitor.Figure.accuracy.name]
    for metric in metrics {
      guard names.insert(metric.name).inserted else {
        throw LatheError(.invalidArgument, "the metric '\(metric.name)' is there already; name each one once")
      }
      guard let kind = (objective as? any OutputObjective)?.outputKind else {
        throw LatheError(
          .invalidArgument,
          "the metric '\(metric.name)': \(type(of: objective)) is no OutputObjective, whose outputs could be compared "
            + "with labels; leave the metric out")
      }
      guard metric.kind == kind else {
        throw LatheError(
          .invalidArgument,
          "the metric '\(metric.name)' is one of \(metric.kind.rawValue), but the outputs of \(type(of: objective)) are "
            + "\(kind.rawValue); of those there are \(TestMetric.names(of: kind).joined(separator: ", "))")
      }
      if kind == .classes, let count { try metric.check(classes: count) }
    }
  }

  /// Checks that the metric can be taken of so many classes.
  func check(classes count: Int) throws {
    guard !classes.contains(count) else { return }
    let wanted = classes.upperBound == .max ? "\(classes.lowerBound) or more" : "\(classes.upperBound)"
    throw LatheError(
      .invalidArgument,
      "the metric '\(name)' takes \(wanted) classes, and here are \(count); leave it out or name another")
  }
}

extension Trainer {
  /// Checks that the metrics can be taken, and that there is every figure that decides something.
  ///
  /// - Throws: `LatheError.invalidArgument`.
  func checkMetrics() throws {
    guard let test else { return try checkNothingNeedsTest() }
    let kind = (objective as? any OutputObjective)?.outputKind
    try TestMetric.check(metrics, for: objective, classes: test.classes?.count)
    if kind == .classes, test.classes == nil, !metrics.isEmpty, let count = try outputClasses(test) {
      for metric in metrics { try metric.check(classes: count) }
    }
    let plain: [Monitor.Figure] = kind == .numbers ? [.loss] : [.loss, .accuracy]
    let figures = plain + metrics.map(Monitor.Figure.metric)
    for monitor in [configuration.earlyStopping?.monitor, configuration.best].compactMap({ $0 })
    where !figures.contains(monitor.figure) {
      throw LatheError(
        .invalidArgument,
        "the monitor's '\(monitor.figure.name)' is no figure of this trainer; there are "
          + "\(figures.map(\.name).joined(separator: ", ")); name one of them, or add it to the trainer's metrics"
      )
    }
  }

  /// Checks that nothing is asked for that a test would have to say.
  private func checkNothingNeedsTest() throws {
    let asked = [
      metrics.isEmpty ? nil : "metrics", configuration.earlyStopping.map { _ in "earlyStopping" },
      configuration.best.map { _ in "best" }, configuration.plateau.map { _ in "plateau" },
      configuration.testInterval.map { _ in "testInterval" },
    ].compactMap { $0 }
    guard !asked.isEmpty else { return }
    throw LatheError(
      .invalidArgument,
      "the run has no test set, which \(asked.joined(separator: ", ")) need\(asked.count == 1 ? "s" : ""); give the "
        + "trainer one or leave that out")
  }

  /// How many classes the model gives for the test set's first batch.
  private func outputClasses(_ test: any TrainingData) throws -> Int? {
    try model.inEvalMode {
      try noGradient {
        let batches = test.batches(size: 1, seed: nil, epoch: 0, first: 0, on: device)
        guard let batch = try batches.next() else { return nil }
        return output(batch).shape.last
      }
    }
  }

  /// Says where a monitored metric has no finite value, since nothing is then decided by it.
  func noteMissingFigures(of report: EpochReport) {
    let names = Set(
      [configuration.earlyStopping?.monitor, configuration.best].compactMap { $0 }.filter {
        $0.value(report) == nil
      }.map(\.figure.name))
    for name in names.sorted() {
      onNote?(
        "epoch \(report.epoch): the test's \(name) has no finite value, so that nothing is decided by it")
    }
  }
}
