import CPUKernels
import LatheCPU
import LatheCore

/// What each column contributes to a prediction: exact Shapley values of trees.
///
/// The contributions of a row and the expected score add up to the row's score.
public struct TreeSHAP: Sendable {
  /// What happens to columns that a coalition does not know.
  public enum Perturbation: Sendable {
    /// Rows go both ways, by the share of training rows that did.
    case pathDependent
    /// They take values of background rows, whatever the others are.
    case interventional(FeatureMatrix)
  }

  private let model: BoostedTrees
  private let perturbation: Perturbation
  private let paths: [ShapleyTree]
  private let columns: Int
  /// The mean score of what nothing is known of, one for each output.
  public let expected: [Double]

  /// An explainer of a model.
  ///
  /// - Throws: `LatheError.invalidArgument` where trees lack the weights of their rows, or the background has no row.
  public init(_ model: BoostedTrees, _ perturbation: Perturbation = .pathDependent) throws {
    self.model = model
    self.perturbation = perturbation
    columns = model.featureNames.count
    switch perturbation {
    case .pathDependent:
      guard model.trees.allSatisfy({ $0.splits.allSatisfy { $0.cover > 0 } }) else {
        throw LatheError(
          .invalidArgument,
          "TreeSHAP: the trees have no weights of training rows; use interventional with background rows")
      }
      paths = model.trees.map { ShapleyTree($0) }
      var sums = model.baseScores
      for (number, path) in paths.enumerated() { sums[number % model.outputs] += path.expected }
      expected = sums
    case .interventional(let background):
      guard background.rows > 0, background.columns >= columns else {
        throw LatheError(
          .invalidArgument,
          "TreeSHAP: a background of \(background.rows) x \(background.columns) values for \(columns) columns"
        )
      }
      paths = []
      let scores = model.scores(background)
      let outputs = model.outputs
      expected = (0..<outputs).map { k in
        stride(from: k, to: scores.count, by: outputs).reduce(0) { $0 + scores[$1] } / Double(background.rows)
      }
    }
  }

  /// The contributions to scores: row after row, in each output after output, in each column after column.
  public func contributions(_ x: FeatureMatrix) -> [Double] {
    require(x.columns >= columns, "TreeSHAP: the matrix has \(x.columns) columns, the model \(columns)")
    let width = model.outputs * columns
    var result = [Double](repeating: 0, count: x.rows * width)
    result.withUnsafeMutableBufferPointer { result in
      guard let to = result.baseAddress else { return }
      if case .interventional(let background) = perturbation {
        ThreadPool.shared.parallelFor(x.rows, grain: 4) { range in
          for row in range { intervene(x.row(row), background, to + row * width) }
        }
        return
      }
      // Many rows together share what trees say of equal ones; fewer where threads would have none.
      let size = min(Int(LATHE_SHAPLEY_ROWS), max(16, x.rows / (2 * ThreadPool.shared.threadCount)))
      ThreadPool.shared.parallelFor((x.rows + size - 1) / size, grain: 1) { range in
        for block in range {
          addPaths(x, rows: block * size..<min((block + 1) * size, x.rows), to, width)
        }
      }
    }
    return result
  }

  /// Adds what all trees say of a block of rows.
  private func addPaths(
    _ x: FeatureMatrix, rows: Range<Int>, _ result: UnsafeMutablePointer<Double>, _ width: Int
  ) {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: max(1, rows.count * columns)) { values in
      guard let start = values.baseAddress else { return }
      for column in 0..<columns {
        for (place, row) in rows.enumerated() { start[column * rows.count + place] = x[row, column] }
      }
      for (number, path) in paths.enumerated() {
        path.add(
          to: result + rows.lowerBound * width + number % model.outputs * columns, stride: width, start,
          rows: rows.count)
      }
    }
  }

  private func intervene(_ values: [Double], _ background: FeatureMatrix, _ to: UnsafeMutablePointer<Double>)
  {
    let share = 1 / Double(background.rows)
    var walk = InterventionalWalk(columns: columns)
    for row in 0..<background.rows {
      let reference = background.row(row)
      for (number, tree) in model.trees.enumerated() {
        walk.add(tree, values, reference, share: share, to: to + number % model.outputs * columns)
      }
    }
  }
}
