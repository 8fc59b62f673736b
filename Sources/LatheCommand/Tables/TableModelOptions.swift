#if CommandLine
  import ArgumentParser
  import Foundation
  import LatheML

  /// What `lathe train` of models of tables stores besides them: calibration, decisions and rules; and settings of some kinds.
  struct TableModelOptions: ParsableArguments {
    /// How scores become probabilities.
    enum Calibration: String, CaseIterable, ExpressibleByArgument {
      case platt, isotonic, temperature

      var method: CalibrationMethod {
        switch self {
        case .platt: .platt
        case .isotonic: .isotonic
        case .temperature: .temperature
        }
      }
    }

    /// How rows are compared.
    enum Kernel: String, CaseIterable, ExpressibleByArgument {
      case rbf, linear, polynomial, sigmoid

      var kind: KernelConfiguration.Kind {
        switch self {
        case .rbf: .rbf
        case .linear: .linear
        case .polynomial: .polynomial
        case .sigmoid: .sigmoid
        }
      }
    }

    @Option(
      help: "platt, isotonic or temperature: make probabilities right on rows that were not learned from.")
    var calibrate: Calibration?

    @Option(
      help: ArgumentHelp(
        "From which probability the second of two classes is told: a number, or f1 or balanced, found on parts of the rows to learn from.",
        valueName: "number|f1|balanced"))
    var threshold: String?

    @Option(
      help: ArgumentHelp(
        "JSON of what answers cost, {\"true class\": {\"told class\": 5}}; others cost 1, right ones 0.",
        valueName: "file"))
    var costs: String?

    @Option(
      help: ArgumentHelp(
        "JSON of rules that decide before the model, [{\"if\": \"age < 18\", \"then\": \"no\", \"because\": \"...\"}].",
        valueName: "file"))
    var rules: String?

    @Option(help: ArgumentHelp("The class that is good, of scorecard.", valueName: "class"))
    var good: String?

    @Option(help: "rbf, linear, polynomial or sigmoid, of kernel-svm; without it rbf.")
    var kernel: Kernel?

    @Option(help: "The part of rows below the prediction, of quantile; without it 0.5.")
    var quantile: Double?

    @Option(help: "How far variances are drawn to 1, of qda, from 0 to 1; without it 0.")
    var regularization: Double?

    func validate() throws {
      if let quantile, !(quantile > 0 && quantile < 1) {
        throw ValidationError("--quantile is \(quantile); give a number between 0 and 1")
      }
      if let regularization, !(0...1).contains(regularization) {
        throw ValidationError("--regularization is \(regularization); give a number in 0...1")
      }
      if threshold != nil, costs != nil {
        throw ValidationError("--threshold and --costs both say how classes are told; give one")
      }
      if let threshold, threshold != "f1", threshold != "balanced",
        !(Double(threshold).map { $0 >= 0 && $0 <= 1 } ?? false)
      {
        throw ValidationError("--threshold is '\(threshold)'; give a number in 0...1, f1 or balanced")
      }
      for (name, path) in [("costs", costs), ("rules", rules)] where path?.isEmpty == true {
        throw ValidationError("--\(name) is empty; name a file")
      }
    }

    /// What is given for other kinds than that of the model.
    func unused(_ kind: TrainTableCommand.Kind) -> [(String, Bool, [TrainTableCommand.Kind])] {
      [
        ("good", good != nil, [.scorecard]), ("kernel", kernel != nil, [.kernelSVM]),
        ("quantile", quantile != nil, [.quantile]), ("regularization", regularization != nil, [.qda]),
      ]
    }

    /// The estimator with calibrated probabilities, where they are asked for.
    func calibrated(_ estimator: Estimator, seed: UInt64) throws -> Estimator {
      guard let calibrate else { return estimator }
      guard estimator.isClassifier else {
        throw LatheError(.invalidArgument, "--calibrate is for classes; the model predicts numbers")
      }
      return .calibrated(estimator, .init(method: calibrate.method, isEnsemble: false, seed: seed))
    }

    /// A model with the decision and rules that are asked for.
    ///
    /// - Parameter fit: Trains the same kind of model on other rows.
    func applied(
      to model: TableModel, _ train: Table, seed: UInt64, fit: (Table) throws -> TableModel
    ) throws -> TableModel {
      var result = model
      if let rule = try decision(model, train, seed: seed, fit) { result = try result.deciding(by: rule) }
      if let rules {
        let given: [ExpertRule] = try Self.json(rules)
        do { result = try result.ruled(by: given) } catch let error as LatheError {
          throw LatheError(error.kind, "\(rules): \(error.message)")
        }
        // A rule on columns that are not there, the target among them, is said before a model is stored.
        do { _ = try result.decidingRules(train.drop(model.target).head(1)) } catch let error as LatheError {
          throw LatheError(error.kind, "\(rules): \(error.message); rules cannot ask for the target")
        }
      }
      return result
    }

    private func decision(
      _ model: TableModel, _ train: Table, seed: UInt64, _ fit: (Table) throws -> TableModel
    ) throws -> DecisionRule? {
      guard threshold != nil || costs != nil else { return nil }
      let option = costs == nil ? "--threshold" : "--costs"
      guard model.isClassifier else {
        throw LatheError(.invalidArgument, "\(option) is for classes; the model predicts numbers")
      }
      guard model.knowsProbabilities else {
        throw LatheError(
          .unsupported,
          "\(option) needs probabilities, which this kind of model does not have; add --calibrate platt or isotonic"
        )
      }
      if let costs { return try Self.costs(costs, model.classes) }
      guard let threshold else { return nil }
      if let number = Double(threshold) { return .threshold(number) }
      let labels = try model.labels(train)
      if threshold == "balanced" { return try .balanced(labels: labels, classes: model.classes.count) }
      guard model.classes.count == 2 else {
        throw LatheError(
          .invalidArgument,
          "--threshold f1 is of two classes, there are \(model.classes.count); give balanced, or --costs")
      }
      var (scores, positives): ([Double], [Bool]) = ([], [])
      for split in try RowSplits.stratifiedKFold(labels: labels, folds: 5, seed: seed) {
        let own = try fit(train.take(split.train))
        scores += try own.probabilities(train.take(split.test)).map { $0[1] }
        positives += split.test.map { labels[$0] == 1 }
      }
      let found = try DecisionThreshold(.f(), scores: scores, labels: positives)
      Terminal.note(
        "'\(model.classes[1])' from a probability of \(Terminal.fixed(found.threshold, 4)) on: F \(Terminal.fixed(found.value, 4)) on five parts of the rows to learn from"
      )
      return .threshold(found.threshold)
    }

    private static func costs(_ path: String, _ classes: [String]) throws -> DecisionRule {
      let given: [String: [String: Double]] = try json(path)
      let names = Set(given.keys).union(given.values.flatMap(\.keys))
      if let unknown = names.sorted().first(where: { !classes.contains($0) }) {
        throw LatheError(
          .invalidArgument,
          "\(path): '\(printable(unknown))' is no class; there are \(classes.prefix(20).joined(separator: ", "))"
        )
      }
      for own in classes {
        for (told, cost) in given[own] ?? [:] where !(cost >= 0 && cost.isFinite) || own == told && cost != 0
        {
          throw LatheError(
            .invalidArgument,
            "\(path): telling '\(printable(told))' of '\(printable(own))' costs \(cost); give 0 for right answers and 0 or more for wrong ones"
          )
        }
      }
      return .costs(
        classes.map { own in classes.map { told in given[own]?[told] ?? (own == told ? 0 : 1) } })
    }

    private static func json<T: Decodable>(_ path: String) throws -> T {
      guard let data = FileManager.default.contents(atPath: path) else {
        throw LatheError(.file, "\(path): cannot be read")
      }
      do { return try JSONDecoder().decode(T.self, from: data) } catch let error as DecodingError {
        throw LatheError(.format, "\(path): \(DecodingErrors.text(error))")
      }
    }
  }
#endif
