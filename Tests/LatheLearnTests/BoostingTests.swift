import LatheCore
import LatheLearn
import Testing

/// What boosted trees can be asked for.
@Suite("Boosted trees")
struct BoostingTests {
  /// Numbers that look random: 600 x 5, with a score and classes of it.
  static let table: (x: FeatureMatrix, numbers: [Double], classes: [Double]) = {
    var state: UInt64 = 7
    func next() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 40) / Double(1 << 23) - 1
    }
    let rows = (0..<600).map { _ in (0..<5).map { _ in next() } }
    let numbers = rows.map { 2 * $0[0] + $0[1] * $0[2] + 0.2 * next() }
    return (FeatureMatrix(rows), numbers, numbers.map { $0 > 0 ? 1 : 0 })
  }()

  private func error(_ model: BoostedTrees, _ x: FeatureMatrix, _ y: [Double]) -> Double {
    zip(model.predict(x), y).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / Double(y.count)
  }

  @Test("A seed decides everything")
  func deterministic() throws {
    var configuration = BoostingConfiguration(loss: .binary)
    configuration.treeCount = 20
    configuration.featureFraction = 0.6
    configuration.sampling = .bagging(fraction: 0.7)
    configuration.seed = 3
    let data = LabelledRows(Self.table.x, Self.table.classes)
    let first = try BoostedTrees.train(data, configuration)
    #expect(try BoostedTrees.train(data, configuration).trees == first.trees)
    configuration.seed = 4
    #expect(try BoostedTrees.train(data, configuration).trees != first.trees)
  }

  @Test(
    "Each way of choosing rows and joining trees learns",
    arguments: [
      (BoostingConfiguration.Mode.gradient, BoostingConfiguration.Sampling.none),
      (.gradient, .bagging(fraction: 0.5, every: 2)), (.gradient, .goss()), (.dart(), .none),
      (.dart(rate: 0.5, most: 3, skip: 0), .bagging(fraction: 0.8)),
    ])
  func modes(mode: BoostingConfiguration.Mode, sampling: BoostingConfiguration.Sampling) throws {
    let (x, y, _) = Self.table
    var configuration = BoostingConfiguration(loss: .squared)
    configuration.mode = mode
    configuration.sampling = sampling
    configuration.treeCount = 60
    let train = Array(0..<400)
    let test = Array(400..<600)
    let data = LabelledRows(x.selecting(rows: train), train.map { y[$0] })
    var last: Double?
    let validation = LabelledRows(x.selecting(rows: test), test.map { y[$0] })
    let model = try BoostedTrees.train(data, configuration, validation: validation) {
      last = $0.validation
      return true
    }
    let found = error(model, validation.features, validation.targets)
    #expect(found < 0.45)
    // What was watched is what the stored trees say.
    #expect(abs(found - (last ?? 0)) < 1e-9)
  }

  @Test("Depth-wise growth fills each depth first")
  func depthWise() throws {
    var configuration = BoostingConfiguration(loss: .squared)
    configuration.growth = .depthWise
    configuration.leafCount = 8
    configuration.treeCount = 3
    let model = try BoostedTrees.train(LabelledRows(Self.table.x, Self.table.numbers), configuration)
    for tree in model.trees { #expect(tree.depth == 3 && tree.leaves.count == 8) }
  }

  @Test("Early stopping keeps the best round")
  func earlyStopping() throws {
    let (x, _, y) = Self.table
    var random = y
    for i in stride(from: 0, to: 600, by: 2) { random[i] = Double(i / 2 % 2) }
    var configuration = BoostingConfiguration(loss: .binary)
    configuration.treeCount = 200
    configuration.earlyStoppingRounds = 5
    configuration.minRowsInLeaf = 2
    let train = Array(0..<400)
    let test = Array(400..<600)
    var values: [Double] = []
    let model = try BoostedTrees.train(
      LabelledRows(x.selecting(rows: train), train.map { random[$0] }), configuration,
      validation: LabelledRows(x.selecting(rows: test), test.map { random[$0] }), metric: .auc
    ) {
      values.append($0.validation ?? 0)
      return true
    }
    let best = values.firstIndex(of: values.max() ?? 0) ?? -1
    #expect(model.rounds == best + 1)
    #expect(values.count == min(best + 6, 200))
  }

  @Test("Monotone constraints hold, and columns of other groups do not meet")
  func constraints() throws {
    let (x, y, _) = Self.table
    var configuration = BoostingConfiguration(loss: .squared)
    configuration.monotone = [-1, 0, 0, 0, 0]
    configuration.interactions = [[0, 1], [2, 3, 4]]
    configuration.treeCount = 30
    let model = try BoostedTrees.train(LabelledRows(x, y), configuration)
    let line = (0..<50).map { [Double($0) / 25 - 1, 0.3, -0.2, 0.1, 0] }
    let answers = model.predict(FeatureMatrix(line))
    for (a, b) in zip(answers, answers.dropFirst()) { #expect(b <= a) }
    for tree in model.trees {
      func check(_ node: Int, _ path: Set<Int>) {
        guard node >= 0 else {
          #expect(path.isSubset(of: [0, 1]) || path.isSubset(of: [2, 3, 4]))
          return
        }
        let own = path.union([tree.splits[node].feature])
        check(tree.splits[node].left, own)
        check(tree.splits[node].right, own)
      }
      check(tree.splits.isEmpty ? ~0 : 0, [])
    }
  }

  /// Half the squared difference, written by a program.
  struct Own: BoostingObjective {
    let targets: [Double]
    var outputs: Int { 1 }
    func initialScores() -> [Double] { [targets.reduce(0, +) / Double(targets.count)] }
    func derivatives(
      scores: UnsafeBufferPointer<Double>, gradients: UnsafeMutableBufferPointer<Float>,
      hessians: UnsafeMutableBufferPointer<Float>
    ) {
      for i in targets.indices {
        gradients[i] = Float(scores[i] - targets[i])
        hessians[i] = 1
      }
    }
  }

  @Test("An objective of one's own")
  func ownObjective() throws {
    let data = LabelledRows(Self.table.x, Self.table.numbers)
    let configuration = BoostingConfiguration(loss: .squared)
    let own = try BoostedTrees.train(data, configuration, objective: Own(targets: data.targets))
    #expect(try BoostedTrees.train(data, configuration).trees == own.trees)
  }

  @Test("One outlier does not drown all other gradients")
  func outlier() throws {
    var (x, y, _) = Self.table
    y[0] = 1e7
    x = FeatureMatrix((0..<600).map { [$0 == 0 ? 1 : 0] + x.row($0) })
    var configuration = BoostingConfiguration(loss: .squared)
    configuration.minRowsInLeaf = 1
    configuration.minRowsInBin = 1
    configuration.treeCount = 400
    let model = try BoostedTrees.train(LabelledRows(x, y), configuration)
    let rest = Array(1..<600)
    #expect(error(model, x.selecting(rows: rest), rest.map { y[$0] }) < 0.1)
  }

  @Test("float32 and float64, rows first and columns first, are the same")
  func storage() throws {
    let (x, y, _) = Self.table
    var configuration = BoostingConfiguration(loss: .squared)
    configuration.treeCount = 10
    configuration.leafCount = 80
    configuration.minRowsInLeaf = 2
    let model = try BoostedTrees.train(LabelledRows(x, y), configuration)
    let columns = (0..<5).flatMap { x.column($0) }
    let turned = FeatureMatrix(columns, rows: 600, columns: 5, order: .columnMajor)
    #expect(try BoostedTrees.train(LabelledRows(turned, y), configuration).trees == model.trees)
    #expect(model.scores(turned) == model.scores(x))
    let floats = FeatureMatrix((0..<600).flatMap { x.row($0).map { Float($0) } }, rows: 600, columns: 5)
    let byHand = (0..<600).map { row in
      model.trees.reduce(model.baseScores[0]) { $0 + $1.leaves[$1.leaf { floats[row, $0] }].values[0] }
    }
    #expect(LearnFixture.difference(model.scores(floats), byHand) < 1e-12)
  }

  @Test("Bad input is refused before training")
  func badInput() {
    let x = FeatureMatrix([[1, 2], [3, 4], [5, 6]])
    var wrong = BoostingConfiguration(loss: .squared)
    wrong.maxBins = 256
    let cases: [(LabelledRows, BoostingConfiguration, String)] = [
      (LabelledRows(x, [1, 2]), .init(loss: .squared), "2 targets for 3 rows"),
      (LabelledRows(x, [1, .nan, 2]), .init(loss: .squared), "the target of row 1 is nan"),
      (LabelledRows(x, [0, 1, 2]), .init(loss: .binary), "must be 0 and 1"),
      (LabelledRows(x, [0, 1, 3]), .init(loss: .multiclass(3)), "classes 0...2"),
      (LabelledRows(x, [0, 1, -3]), .init(loss: .poisson), "must not be negative"),
      (LabelledRows(x, [0, 1, 3], groups: [2, 2]), .init(loss: .lambdaRank()), "add up to 3 rows"),
      (LabelledRows(x, [0, 1, 3], weights: [1, -1, 1]), .init(loss: .squared), "a weight is negative"),
      (LabelledRows(x, [0, 1, 3]), wrong, "maxBins is 256"),
      (LabelledRows(FeatureMatrix([]), []), .init(loss: .squared), "nothing to learn from"),
    ]
    for (data, configuration, message) in cases {
      let error = #expect(throws: LatheError.self) { _ = try BoostedTrees.train(data, configuration) }
      #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }
  }

  @Test("A constant target, constant columns and one row are no problem")
  func constants() throws {
    let x = FeatureMatrix([[1, .nan], [1, .nan], [1, .nan]])
    let model = try BoostedTrees.train(LabelledRows(x, [5, 5, 5]), .init(loss: .squared))
    #expect(model.predict(x) == [5, 5, 5])
    let one = FeatureMatrix([[1, 2]])
    #expect(try BoostedTrees.train(LabelledRows(one, [3]), .init(loss: .absolute)).predict(one) == [3])
  }
}
