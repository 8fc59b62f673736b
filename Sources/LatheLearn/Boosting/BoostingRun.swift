import CPUKernels
import LatheCPU
import LatheCore

/// One training of boosted trees.
final class BoostingRun {
  private let configuration: BoostingConfiguration
  private let objective: any BoostingObjective
  private let matrix: BinnedMatrix
  private let gradients: QuantizedGradients
  private let grower: TreeGrower
  private let outputs: Int
  private var sampler: RowSampler
  private var random: RandomSource
  private let scores: UnsafeMutableBufferPointer<Double>
  private let first: UnsafeMutableBufferPointer<Float>
  private let second: UnsafeMutableBufferPointer<Float>
  private(set) var baseScores: [Double]
  private(set) var trees: [Tree] = []
  private var dropout = TreeDropout()
  private let validation: (matrix: BinnedMatrix, data: LabelledRows)?
  private var validationScores: [Double] = []

  init(
    _ data: LabelledRows, _ configuration: BoostingConfiguration, _ objective: any BoostingObjective,
    validation: LabelledRows?
  ) {
    self.configuration = configuration
    self.objective = objective
    matrix = BinnedMatrix(
      data.features, most: configuration.maxBins, leastInBin: configuration.minRowsInBin,
      seed: configuration.seed)
    let rows = matrix.rows
    gradients = QuantizedGradients(rows: rows)
    grower = TreeGrower(matrix, gradients, configuration)
    outputs = objective.outputs
    sampler = RowSampler(configuration, rows: rows)
    random = RandomSource(seed: configuration.seed, stream: 2)
    scores = .allocate(capacity: rows * outputs)
    first = .allocate(capacity: rows * outputs)
    second = .allocate(capacity: rows * outputs)
    baseScores =
      configuration.startsFromAverage ? objective.initialScores() : .init(repeating: 0, count: outputs)
    for k in 0..<outputs { scores[k * rows..<(k + 1) * rows].update(repeating: baseScores[k]) }
    let bins = matrix.bins
    self.validation = validation.map { (BinnedMatrix($0.features, bins: bins), $0) }
    if let validation {
      validationScores = baseScores.flatMap { [Double](repeating: $0, count: validation.targets.count) }
    }
  }

  deinit {
    scores.deallocate()
    first.deallocate()
    second.deallocate()
  }

  /// Trains until the end or until the validation rows gain no more; returns the number of rounds that are worth keeping.
  func train(metric: BoostingMetric, report: ((BoostingProgress) -> Bool)?) throws -> Int {
    var best: (value: Double, round: Int)?
    let isHigherBetter = metric.isHigherBetter(configuration.loss)
    for round in 0..<configuration.treeCount {
      guard try makeRound(round) else { break }
      guard let validation else {
        if let report, !report(BoostingProgress(round: round, validation: nil)) { break }
        continue
      }
      let value = metric.value(configuration.loss, scores: validationScores, validation.data)
      if let report, !report(BoostingProgress(round: round, validation: value)) { break }
      if best.map({ isHigherBetter ? value > $0.value : value < $0.value }) ?? true { best = (value, round) }
      if let patience = configuration.earlyStoppingRounds, let best, round - best.round >= patience { break }
    }
    if configuration.earlyStoppingRounds != nil, let best { return best.round + 1 }
    return trees.count / outputs
  }

  /// Makes the trees of a round; false where none of them has a split.
  private func makeRound(_ round: Int) throws -> Bool {
    let dropped = dropTrees()
    objective.derivatives(scores: UnsafeBufferPointer(scores), gradients: first, hessians: second)
    let sample = sampler.rows(round: round, gradients: first, hessians: second)
    let rate = dropout.rate(configuration.learningRate, dropped: dropped.count)
    let columns = chosenColumns()
    var hasSplit = false
    for k in 0..<outputs {
      let begin = k * matrix.rows
      guard let g = first.baseAddress, let h = second.baseAddress, let scores = scores.baseAddress,
        gradients.take(g + begin, h + begin)
      else {
        throw LatheError(
          .training,
          "boosted trees: a derivative of round \(round) is not a finite number; look for infinite targets, "
            + "or lower the learning rate")
      }
      var grown = grower.grow(sample: sample, usedColumns: columns, rate: rate)
      hasSplit = hasSplit || !grown.tree.splits.isEmpty
      renew(&grown, scores + begin, rate)
      update(grown, scores + begin, sample, output: k)
      trees.append(grown.tree)
      if case .dart = configuration.mode { dropout.keep(grown) }
    }
    restore(dropped)
    if !hasSplit { trees.removeLast(outputs) }
    return hasSplit
  }

  private func chosenColumns() -> [Int]? {
    guard configuration.featureFraction < 1 else { return nil }
    let usable = matrix.bins.indices.filter { !matrix.bins[$0].isConstant }
    let count = max(1, Int((configuration.featureFraction * Double(usable.count)).rounded()))
    return random.sample(min(count, usable.count), of: usable.count).map { usable[$0] }
  }

  /// Leaves of losses whose derivatives do not tell what to say.
  private func renew(_ grown: inout GrownTree, _ scores: UnsafePointer<Double>, _ rate: Double) {
    for leaf in grown.leafRows.indices {
      let range = grown.leafRows[leaf]
      let rows = UnsafeBufferPointer(start: grower.rows + range.lowerBound, count: range.count)
      guard let output = objective.leafOutput(rows: rows, scores: scores) else { return }
      grown.tree.leaves[leaf].values = [output * rate]
    }
  }

  private func update(
    _ grown: GrownTree, _ scores: UnsafeMutablePointer<Double>, _ sample: [UInt32]?, output: Int
  ) {
    let leaves = grown.leafRows
    // Leaves differ in size: rows are cut evenly, whatever leaf they are in.
    let order = leaves.indices.sorted { leaves[$0].lowerBound < leaves[$1].lowerBound }
    ThreadPool.shared.parallelFor(grower.rowCount, grain: 16384) { range in
      for leaf in order {
        let rows = leaves[leaf].clamped(to: range)
        if rows.isEmpty { continue }
        lathe_tree_add_value(
          scores, grower.rows + rows.lowerBound, rows.count, grown.tree.leaves[leaf].values[0])
      }
    }
    if let sample, sample.count < matrix.rows {
      BinnedTree(grown).add(to: scores, matrix, rows: rowsOutside(sample))
    }
    if let validation {
      validationScores.withUnsafeMutableBufferPointer {
        guard let base = $0.baseAddress else { return }
        BinnedTree(grown).add(to: base + output * validation.matrix.rows, validation.matrix)
      }
    }
  }

  private func rowsOutside(_ sample: [UInt32]) -> [UInt32] {
    var others: [UInt32] = []
    var next = 0
    for row in 0..<UInt32(matrix.rows) {
      if next < sample.count, sample[next] == row { next += 1 } else { others.append(row) }
    }
    return others
  }

  // MARK: DART

  private func dropTrees() -> [Int] {
    guard case .dart(let rate, let most, let skip) = configuration.mode else { return [] }
    let dropped = dropout.choose(rate: rate, most: most, skip: skip, outputs: outputs, random: &random)
    for round in dropped { add(round: round, factor: -1) }
    return dropped
  }

  private func restore(_ dropped: [Int]) {
    guard case .dart = configuration.mode else { return }
    let factor = Double(dropped.count) / Double(dropped.count + 1)
    for round in dropped {
      add(round: round, factor: factor)
      for k in 0..<outputs { trees[round * outputs + k].scale(by: factor) }
    }
    dropout.weaken(dropped, by: factor, learningRate: configuration.learningRate)
  }

  /// Adds the trees of a round, times a factor, to all scores; the weights that they have lost since are in the factor.
  private func add(round: Int, factor: Double) {
    for k in 0..<outputs {
      let tree = dropout.trees[round * outputs + k]
      let factor = factor * dropout.scale(of: round)
      guard let scores = scores.baseAddress else { return }
      tree.add(to: scores + k * matrix.rows, matrix, factor: factor)
      if let validation {
        validationScores.withUnsafeMutableBufferPointer {
          guard let base = $0.baseAddress else { return }
          tree.add(to: base + k * validation.matrix.rows, validation.matrix, factor: factor)
        }
      }
    }
  }
}

/// How far a training is.
public struct BoostingProgress: Sendable {
  /// The round that is over, from 0 on.
  public let round: Int
  /// The metric of the validation rows, where there are any.
  public let validation: Double?
}

/// The trees of DART with their weights, as LightGBM chooses among them.
struct TreeDropout {
  private(set) var trees: [BinnedTree] = []
  /// What each round's trees count, and what they have lost since they were made.
  private var weights: [Double] = []
  private var scales: [Double] = []

  mutating func keep(_ grown: GrownTree) { trees.append(BinnedTree(grown)) }

  func scale(of round: Int) -> Double { scales[round] }

  /// The learning rate of a round that leaves trees out.
  func rate(_ learningRate: Double, dropped: Int) -> Double { learningRate / Double(1 + dropped) }

  mutating func choose(
    rate: Double, most: Int, skip: Double, outputs: Int, random: inout RandomSource
  ) -> [Int] {
    guard !weights.isEmpty, random.uniform() >= skip else { return [] }
    let sum = weights.reduce(0, +)
    let inverseMean = Double(weights.count) / sum
    let rate = most > 0 ? min(rate, Double(most) * inverseMean / sum) : rate
    var dropped: [Int] = []
    for round in weights.indices where random.uniform() < rate * weights[round] * inverseMean {
      dropped.append(round)
      if most > 0 && dropped.count >= most { break }
    }
    return dropped
  }

  /// Takes a part of the weights of trees away; the round that left them out is remembered.
  mutating func weaken(_ dropped: [Int], by factor: Double, learningRate: Double) {
    for round in dropped {
      weights[round] *= factor
      scales[round] *= factor
    }
    weights.append(learningRate / Double(1 + dropped.count))
    scales.append(1)
  }
}
