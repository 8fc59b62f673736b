import LatheCore

extension KMeans {
  /// Finds groups from few rows at a time, for tables that are large: scikit-learn's `MiniBatchKMeans`.
  ///
  /// - Parameters:
  ///   - x: The rows.
  ///   - configuration: How; `maxIterations` are rounds through all rows, 100 at most.
  ///   - batch: How many rows are looked at at a time.
  /// - Throws: `LatheError.invalidArgument` for missing or infinite values, and fewer rows than groups.
  public static func trainInBatches(
    _ x: FeatureMatrix, _ configuration: Configuration = Configuration(), batch: Int = 1024
  ) throws -> KMeans {
    let rows = try DenseRows(x, what: "k-means")
    try LinearChecks.expect(
      configuration.clusters >= 1 && configuration.clusters <= rows.rows && batch >= 1,
      "k-means: \(configuration.clusters) groups of \(rows.rows) rows, \(batch) at a time; one is the least")
    var random = RandomSource(seed: configuration.seed)
    let columns = rows.columns
    func drawn(_ count: Int) -> FeatureMatrix {
      FeatureMatrix(
        (0..<count).flatMap { _ -> ArraySlice<Double> in
          let row = random.below(rows.rows)
          return rows.values[row * columns..<(row + 1) * columns]
        }, rows: count, columns: columns)
    }
    // The best of three starts on a sample, as far as a single round tells.
    let sample = x.rows <= 3 * batch ? x : drawn(max(3 * batch, configuration.clusters))
    var start = configuration
    (start.maxIterations, start.runs) = (1, 3)
    var centers = try train(sample, start).centers.flatMap { $0 }
    var counts = [Double](repeating: 0, count: configuration.clusters)
    let size = min(batch, rows.rows)
    let steps = min(100, configuration.maxIterations) * max(1, rows.rows / size)
    var (smooth, best, idle) = (Double.nan, Double.infinity, 0)
    for step in 0..<steps {
      let part = drawn(size)
      let values = DenseRows(DenseRows.rowMajor(part), rows: size, columns: columns)
      let model = KMeans(
        centers: stride(from: 0, to: centers.count, by: columns).map { Array(centers[$0..<$0 + columns]) },
        inertia: 0, iterations: 0)
      let labels = model.predict(part)
      var loss = 0.0
      for (row, label) in labels.enumerated() {
        counts[label] += 1
        // A center is the mean of all rows that it ever had.
        let share = 1 / counts[label]
        for j in 0..<columns {
          let distance = values.values[row * columns + j] - model.centers[label][j]
          loss += distance * distance
          centers[label * columns + j] +=
            share * (values.values[row * columns + j] - centers[label * columns + j])
        }
      }
      // Ten batches without a better smoothed loss end it.
      let part2 = min(1, 2 * Double(size) / Double(rows.rows + 1))
      smooth = step == 0 ? loss : smooth * (1 - part2) + loss * part2
      idle = smooth < best ? 0 : idle + 1
      best = min(best, smooth)
      if idle >= 10 { break }
    }
    let found = KMeans(
      centers: stride(from: 0, to: centers.count, by: columns).map { Array(centers[$0..<$0 + columns]) },
      inertia: 0, iterations: 0)
    let labels = found.predict(x)
    let inertia = labels.enumerated().reduce(0.0) { sum, pair in
      (0..<columns).reduce(sum) {
        let distance = rows.values[pair.offset * columns + $1] - found.centers[pair.element][$1]
        return $0 + distance * distance
      }
    }
    return KMeans(centers: found.centers, inertia: inertia, iterations: steps)
  }
}
