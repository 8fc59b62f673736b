#if CommandLine
  import ArgumentParser
  import Foundation
  import LatheML

  /// `lathe train` of models of tables; `TrainRoutes` leads there.
  struct TrainTableCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "train-table", abstract: "Trains a model of a table, tests it and stores it.",
      usage: "lathe train <model> --data <file> --target <column> [<options>]",
      discussion: """
        A part of the rows is kept apart for the test. Numbers are filled with medians and scaled, texts become one-hot columns \
        (trees take numbers as they are, boosted-trees texts, too; networks take scaled quantiles and vectors of categories); all of that is learned from the other rows alone and stored with the model, \
        so that `lathe predict` takes raw rows.
        """, shouldDisplay: false)

    /// The models.
    enum Kind: String, CaseIterable, ExpressibleByArgument {
      case logistic, svm
      case naiveBayes = "naive-bayes"
      case linear, ridge, lasso
      case elasticNet = "elastic-net"
      case poisson
      case boostedTrees = "boosted-trees"
      case randomForest = "random-forest"
      case extraTrees = "extra-trees"
      case decisionTree = "decision-tree"
      case bagging
      case adaBoost = "adaboost"
      case neighbors
      case tabularMLP = "tabular-mlp"
      case tabularResNet = "tabular-resnet"
      case ftTransformer = "ft-transformer"
      case kernelSVM = "kernel-svm"
      case linearSVR = "linear-svr"
      case quantile, sgd
      case gaussianProcess = "gaussian-process"
      case lda, qda
      case multinomialBayes = "multinomial-bayes"
      case bernoulliBayes = "bernoulli-bayes"
      case scorecard

      /// Those of `LatheTabular`.
      static let networks: [Kind] = [.tabularMLP, .tabularResNet, .ftTransformer]
      /// Those that grow trees one by one.
      static let forests: [Kind] = [.randomForest, .extraTrees, .decisionTree, .bagging]
      /// Those that tell classes or numbers.
      static let ofBoth: [Kind] =
        [.boostedTrees, .neighbors, .adaBoost, .kernelSVM, .sgd, .gaussianProcess] + forests + networks
    }

    /// What is predicted.
    enum Task: String, CaseIterable, ExpressibleByArgument {
      case classification, regression
    }

    @Argument(help: ArgumentHelp("The kind of model.", valueName: "model"))
    var kind: Kind

    @Option(
      help: ArgumentHelp("A table: .csv, .jsonl, .arff or .parquet; - for standard input.", valueName: "file")
    )
    var data: String

    @Option(help: ArgumentHelp("The column to predict.", valueName: "column"))
    var target: String

    @Option(help: ArgumentHelp("The folder for the model; without it one under runs/.", valueName: "dir"))
    var output: String?

    @Option(help: "Test on each of so many parts of the rows to learn from, too.")
    var folds: Int?

    @Option(help: "The part of the rows that is kept for the test.")
    var test = 0.2

    @Option(help: "What random choices depend on.")
    var seed: UInt64 = 42

    @Option(
      help:
        "classification or regression, for trees, neighbors and networks; without it by the target's values.")
    var task: Task?

    @Option(
      parsing: .upToNextOption,
      help: ArgumentHelp("Columns that the model shall not see.", valueName: "column"))
    var drop: [String] = []

    @Option(help: "The inverse of the penalty of logistic, svm, kernel-svm and linear-svr; without it 1.")
    var c: Double?

    @Option(help: "The penalty of ridge, lasso, elastic-net, poisson and quantile; without it 1.")
    var alpha: Double?

    @Option(help: "The part of the penalty that is of absolute weights, of logistic and elastic-net.")
    var l1Ratio: Double?

    @Option(help: "The most trees; without it 100, of adaboost 50, of bagging 10.")
    var trees: Int?

    @Option(
      help:
        "The most conditions on the way to a leaf of trees; without it any number, of adaboost 1, of numbers 3."
    )
    var depth: Int?

    @Option(help: "What a leaf of decision-tree costs: branches that bring less are cut off; without it 0.")
    var pruning: Double?

    @Option(help: "How many neighbours answer, of neighbors; without it 5.")
    var k: Int?

    @OptionGroup var networks: TableNetworkOptions

    @OptionGroup var more: TableModelOptions

    @Flag(help: "Let the rows of rare classes count more: logistic and svm.")
    var balanced = false

    @Flag(help: "Keep rows that are equal to another one.")
    var keepDuplicates = false

    @Option(help: "Learn from and test on so many rows, evenly from the whole file; without it all.")
    var sample: Int?

    @OptionGroup(title: "Reading") var reading: TableReadingOptions

    @Flag(help: "Print the scores as JSON.")
    var json = false

    func validate() throws {
      if let folds, folds < 2 { throw ValidationError("--folds is \(folds); two parts are the least") }
      guard test > 0, test < 1 else { throw ValidationError("--test is \(test); give a part, such as 0.2") }
      if data.isEmpty || target.isEmpty || output?.isEmpty == true {
        throw ValidationError("--data, --target or --output is empty; name a file, a column and a folder")
      }
      if let sample, sample < 2 { throw ValidationError("--sample is \(sample); two rows are the least") }
      if let trees, trees < 1 { throw ValidationError("--trees is \(trees); one is the least") }
      if let depth, depth < 1 { throw ValidationError("--depth is \(depth); one is the least") }
      if let k, k < 1 { throw ValidationError("--k is \(k); one neighbour is the least") }
      if let pruning, !(pruning >= 0 && pruning.isFinite) {
        throw ValidationError("--pruning is \(pruning); give 0 or a number above it")
      }
      if let c, !(c > 0 && c.isFinite) { throw ValidationError("--c is \(c); give a number above 0") }
      if let alpha, !(alpha >= 0 && alpha.isFinite) {
        throw ValidationError("--alpha is \(alpha); give 0 or a number above it")
      }
      if let l1Ratio, !(0...1).contains(l1Ratio) {
        throw ValidationError("--l1-ratio is \(l1Ratio); give a number in 0...1")
      }
      let unused: [(String, Bool, [Kind])] =
        [
          ("c", c != nil, [.logistic, .svm, .kernelSVM, .linearSVR]),
          ("balanced", balanced, [.logistic, .svm]),
          ("alpha", alpha != nil, [.ridge, .lasso, .elasticNet, .poisson, .quantile]),
          ("l1-ratio", l1Ratio != nil, [.logistic, .elasticNet]),
          ("trees", trees != nil, [.boostedTrees, .randomForest, .extraTrees, .bagging, .adaBoost]),
          ("depth", depth != nil, Kind.forests + [.boostedTrees, .adaBoost]),
          ("pruning", pruning != nil, [.decisionTree]), ("k", k != nil, [.neighbors]),
          ("task", task != nil, Kind.ofBoth),
        ]
        + networks.given.map { ($0.name, $0.isGiven, Kind.networks) } + more.unused(kind)
      for (name, isGiven, kinds) in unused where isGiven && !kinds.contains(kind) {
        throw ValidationError(
          "--\(name) is for \(kinds.map(\.rawValue).joined(separator: ", ")), not for \(kind.rawValue)")
      }
    }

    func run() throws {
      var options = reading.reading
      options.sample = sample
      // Parts for learning and testing, features of both, and what the model makes of them.
      options.factor = 5
      let input = try TableInput.read(data, options)
      input.showNotes(of: data)
      let table = try cleaned(input.use(of: data) { try finite($0, place: input.place) })
      let estimator = try more.calibrated(estimator(for: table[target]), seed: seed)
      if kind == .scorecard, more.calibrate != nil {
        throw LatheError(.invalidArgument, "--calibrate: a scorecard's points are its probabilities")
      }
      // A target that nothing can be learned from is said before rows are divided.
      _ = try Pipeline.checkTarget(table[target], estimator)
      let split = try split(table, isClassifier: estimator.isClassifier)
      let (train, test) = (try table.take(split.train), try table.take(split.test))
      let ownTrees = Kind.forests + [.adaBoost]
      let habit: ColumnTransformer.Habit =
        Kind.networks.contains(kind)
        ? .networks(networks.scaling ?? .quantiles)
        : kind == .boostedTrees ? .trees : ownTrees.contains(kind) ? .forests : .linear
      let (features, notes) = try ColumnTransformer.standard(for: train, target: target, habit)
      notes.forEach { Terminal.note(TableFile.words($0)) }
      let pipeline = Pipeline(kind.prepared(features), estimator, target: target)
      let good = more.good
      let fit: (Table) throws -> TableModel = { [kind, target] rows in
        kind == .scorecard
          ? try TableScorecard.model(rows, target: target, good: good) : try pipeline.fit(rows)
      }
      try OutputFolder.use(output, model: kind.rawValue, resume: false) { folder in
        let folds = try folds.map { try TableScores.ofFolds($0, seed: seed, pipeline, train, fit) }
        let model = try more.applied(to: fit(train), train, seed: seed, fit: fit)
        if !model.hasConverged {
          Terminal.note("training ended before the minimum; scale the columns, or take a stronger penalty")
        }
        // What standard input brought is gone, and so cannot be recognised.
        let opened =
          data == "-"
          ? nil
          : try TestReading.note(
            file: data, settings: ["\(self.test)", "\(seed)", target], rows: test.rowCount, in: folder)
        if let warning = opened?.warning { Terminal.note(warning) }
        let scores = try TableScores(model, test)
        try model.save(to: folder)
        if let card = model.scorecard {
          try card.table.writeCSV(to: "\(folder)/scorecard.csv")
          Terminal.note("points of all bins in \(folder)/scorecard.csv")
        }
        let reads = opened?.reads ?? 1
        if json {
          try Terminal.output(
            json: Result(
              folds: folds?.map(\.figures), validation: folds.map(TableScores.means), test: scores.figures,
              testReads: reads, model: folder))
        } else {
          folds.map { TableScores.summary($0) }.map { Terminal.output($0) }
          Terminal.output(
            "test on \(counted(test.rowCount, "rows")) of \(table.rowCount), seed \(seed), read "
              + "\(reads == 1 ? "once" : "\(reads) times")\n\n\(scores.text)")
        }
        Terminal.note("model stored in \(folder)/\(TableModel.fileName)")
        let words = [CommandLine.arguments.first ?? "lathe", "predict", "--model", folder, "--data", "FILE"]
        Terminal.note("predict with: \(words.map(Terminal.shellQuoted).joined(separator: " "))")
      }
    }

    private struct Result: Encodable {
      var folds: [[String: Double]]?
      /// The means of the folds' figures.
      var validation: [String: Double]?
      var test: [String: Double]
      var testReads: Int
      var model: String
    }

    /// The table with infinite numbers missing, except those of the target, which are refused.
    private func finite(_ table: Table, place: (Int) -> String) throws -> Table {
      var table = table
      for column in table.columns where column.type == .float64 || column.type == .float32 {
        let values = try column.cast(to: .float64).numbers()
        guard let first = values.firstIndex(where: \.isInfinite) else { continue }
        guard column.name != target else {
          throw LatheError(
            .invalidArgument,
            "target '\(target)': row \(first): \(values[first]); leave out the row, or mend it")
        }
        Terminal.note(
          "\(TableFile.name(data)): column '\(column.name)': \(counted(values.count(where: \.isInfinite), "infinite values")) "
            + "taken as missing, the first on \(place(first))")
        table = try table.with(Column(column.name, values.map { $0.isFinite ? $0 : nil }))
      }
      return table
    }

    /// The table without rows that have no target or are there twice, and without columns that the model shall not see.
    private func cleaned(_ table: Table) throws -> Table {
      if drop.contains(target) {
        throw LatheError(.invalidArgument, "--drop names the target '\(target)'; leave it out there")
      }
      _ = try table[target]
      var kept = try table.drop(drop).dropMissing([target])
      let lost = table.rowCount - kept.rowCount
      if lost > 0 { Terminal.note("\(counted(lost, "rows")) without a value of '\(target)' left out") }
      if !keepDuplicates {
        let doubles = try kept.duplicateCount()
        if doubles > 0 {
          Terminal.note(
            "\(counted(doubles, "rows")) equal to another left out, which could be learned from and tested on "
              + "(--keep-duplicates keeps them)")
          kept = try kept.unique()
        }
      }
      guard kept.rowCount > 1 else {
        throw LatheError(
          .invalidArgument,
          "\(data): \(counted(kept.rowCount, "rows")) left; two are the least, for learning and a test")
      }
      return kept
    }

    private func split(_ table: Table, isClassifier: Bool) throws -> RowSplit {
      guard isClassifier else { return try RowSplits.random(rows: table.rowCount, test: test, seed: seed) }
      let labels = try table[target].classPlaces()
      var counts: [Int: Int] = [:]
      for label in labels { counts[label, default: 0] += 1 }
      let single = counts.values.count { $0 == 1 }
      guard single < counts.count else {
        throw LatheError(
          .invalidArgument,
          "target '\(target)': each class has a single row; name a column whose classes have more, or join classes"
        )
      }
      if single > 0 {
        Terminal.note(
          "\(single == 1 ? "1 class" : "\(single) classes") of '\(target)' with a single row: learned from, and not tested on"
        )
      }
      return try RowSplits.keepingSingleRows(labels: labels) {
        [try RowSplits.stratified(labels: $0, test: test, seed: seed)]
      }[0]
    }

    private func estimator(for column: Column) throws -> Estimator {
      switch kind {
      case .logistic:
        var configuration = LogisticRegression.Configuration(c: c ?? 1, l1Ratio: l1Ratio ?? 0)
        if balanced { configuration.classWeights = .balanced }
        configuration.maxIterations = 1000
        return .logisticRegression(configuration)
      case .svm:
        var configuration = LinearSVC.Configuration(c: c ?? 1)
        if balanced { configuration.classWeights = .balanced }
        return .linearSVC(configuration)
      case .naiveBayes: return .naiveBayes()
      case .multinomialBayes: return .naiveBayes(.multinomial())
      case .bernoulliBayes: return .naiveBayes(.bernoulli())
      case .scorecard: return .logisticRegression()
      case .lda: return .linearDiscriminant
      case .qda: return .quadraticDiscriminant(.init(regularization: more.regularization ?? 0))
      case .linearSVR: return .linearSVR(.init(c: c ?? 1))
      case .quantile: return .quantile(.init(quantile: more.quantile ?? 0.5, alpha: alpha ?? 1))
      case .kernelSVM:
        let kernel = KernelConfiguration(more.kernel?.kind ?? .rbf)
        return isClassification(column)
          ? .svc(.init(c: c ?? 1, kernel: kernel)) : .svr(.init(c: c ?? 1, kernel: kernel))
      case .sgd:
        var configuration = SGDConfiguration(isClassification(column) ? .logLoss : .squaredError)
        configuration.seed = seed
        return .sgd(configuration)
      case .gaussianProcess:
        return isClassification(column) ? .gaussianProcessClassifier() : .gaussianProcess()
      case .linear: return .linearRegression()
      case .ridge: return .linearRegression(.ridge(alpha: alpha ?? 1))
      case .lasso: return .elasticNet(.lasso(alpha: alpha ?? 1))
      case .elasticNet: return .elasticNet(.init(alpha: alpha ?? 1, l1Ratio: l1Ratio ?? 0.5))
      case .poisson: return .poisson(.init(alpha: alpha ?? 1))
      case .boostedTrees:
        var configuration = BoostingConfiguration(loss: isClassification(column) ? .binary : .squared)
        configuration.treeCount = trees ?? 100
        configuration.maxDepth = depth
        configuration.seed = seed
        return .boostedTrees(configuration)
      case .adaBoost where !isClassification(column):
        var tree = TreeConfiguration(criterion: .squaredError)
        tree.maxDepth = depth ?? 3
        tree.seed = seed
        return .adaBoostRegressor(.init(treeCount: trees ?? 50, tree: tree))
      case .adaBoost:
        var tree = TreeConfiguration(criterion: .gini)
        tree.maxDepth = depth ?? 1
        tree.seed = seed
        return .adaBoost(.init(treeCount: trees ?? 50, tree: tree))
      case .neighbors: return .nearestNeighbors(.init(k: k ?? 5, isClassification: isClassification(column)))
      case .randomForest, .extraTrees, .decisionTree, .bagging:
        return .forest(forest(isClassification(column) ? .gini : .squaredError))
      case .tabularMLP: return try network(.mlp(), column)
      case .tabularResNet: return try network(.resNet(), column)
      case .ftTransformer: return try network(.ftTransformer(), column)
      }
    }

    private func network(_ architecture: TabularArchitecture, _ column: Column) throws -> Estimator {
      try networks.network(architecture, isClassifier: isClassification(column), seed: seed)
    }

    private func isClassification(_ column: Column) -> Bool {
      task.map { $0 == .classification } ?? column.looksLikeClasses
    }

    private func forest(_ criterion: TreeConfiguration.Criterion) -> ForestConfiguration {
      var configuration: ForestConfiguration =
        switch kind {
        case .decisionTree: .decisionTree(TreeConfiguration(criterion: criterion))
        case .extraTrees: .extraTrees(criterion)
        case .bagging: .bagging(criterion)
        default: .randomForest(criterion)
        }
      if let trees { configuration.treeCount = trees }
      configuration.tree.maxDepth = depth
      configuration.tree.pruningAlpha = pruning ?? 0
      configuration.tree.seed = seed
      return configuration
    }
  }
#endif
