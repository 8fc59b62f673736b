import Lathe
import LatheLearn
import LatheML

/// Models of tables that are not trees: logistic regression, principal components, clusters, terms of texts.
///
/// They work on the host's cores whatever the device is.
enum LinearSuite {
  static var workloads: [Workload] {
    [logistic(rows: 20_000, isQuick: true), logistic(rows: 100_000), components(), clusters(), terms()]
  }

  /// Standard normal columns, and classes by a weighted sum of them with noise.
  static func table(rows: Int, columns: Int) -> LabelledRows {
    var random = RandomSource(seed: 1)
    let weights = (0..<columns).map { _ in random.normal() / 3 }
    var values = [Double](repeating: 0, count: rows * columns)
    var targets = [Double](repeating: 0, count: rows)
    for row in 0..<rows {
      var score = random.normal()
      for j in 0..<columns {
        values[row * columns + j] = random.normal()
        score += weights[j] * values[row * columns + j]
      }
      targets[row] = score > 0.4 ? 1 : 0
    }
    return LabelledRows(FeatureMatrix(values, rows: rows, columns: columns), targets)
  }

  private static func components() -> Workload {
    let (rows, columns, count) = (100_000, 200, 10)
    return Workload(
      .linear, "pca", "\(rows)x\(columns), \(count) components",
      parameters: ["rows": rows, "columns": columns, "components": count], work: .items(rows, "rows"),
      hasPeers: true
    ) { _ in
      let x = table(rows: rows, columns: columns).features
      return Trial(tolerance: 1e-9) {
        _ = try PCA(fit: x, components: count)
      } check: {
        // How far the parts' variances are from those said, as a share of them.
        let model = try PCA(fit: x, components: count)
        let parts = model.transform(x)
        return (0..<count).reduce(0) { worst, k in
          let variance = Sums.variance(parts.column(k))
          return max(worst, abs(variance / model.explainedVariance[k] - 1))
        }
      }
    }
  }

  private static func clusters() -> Workload {
    // A number of rounds that no start ends earlier, so that all take as many.
    let (rows, columns, count, rounds) = (100_000, 50, 8, 20)
    return Workload(
      .linear, "k-means", "\(rows)x\(columns), \(count) groups, \(rounds) rounds",
      parameters: ["rows": rows, "columns": columns, "clusters": count, "rounds": rounds],
      work: .items(rows * rounds, "rows"), hasPeers: true
    ) { _ in
      let x = table(rows: rows, columns: columns).features
      var configuration = KMeans.Configuration(clusters: count)
      configuration.maxIterations = rounds
      configuration.tolerance = 0
      let settled = configuration
      return Trial(tolerance: 1e-9) {
        _ = try KMeans.train(x, settled)
      } check: {
        // The sum of squared distances, computed row by row.
        let model = try KMeans.train(x, settled)
        let labels = model.predict(x)
        var sum = 0.0
        for row in 0..<rows {
          for j in 0..<columns {
            let distance = x[row, j] - model.centers[labels[row]][j]
            sum += distance * distance
          }
        }
        return abs(sum / model.inertia - 1)
      }
    }
  }

  private static func logistic(rows: Int, isQuick: Bool = false) -> Workload {
    let columns = 100
    return Workload(
      .linear, "logistic", "\(rows)x\(columns)", parameters: ["rows": rows, "columns": columns],
      work: .items(rows, "rows"), isQuick: isQuick, hasPeers: true
    ) { _ in
      let data = table(rows: rows, columns: columns)
      return Trial(tolerance: 1e-4) {
        _ = try LogisticRegression.train(data)
      } check: {
        // The largest derivative of the mean loss with the penalty, at the minimum found.
        let model = try LogisticRegression.train(data)
        let p = model.probabilities(data.features)
        var gradient = model.coefficients[0].map { $0 / Double(rows) }
        for row in 0..<rows {
          let lack = (p[2 * row + 1] - data.targets[row]) / Double(rows)
          for j in 0..<columns { gradient[j] += lack * data.features[row, j] }
        }
        return gradient.reduce(0) { max($0, abs($1)) }
      }
    }
  }

  /// Texts of 100 words, the k-th most frequent of 30,000 with a part of 1 / k.
  static func texts(bytes: Int) -> [String] {
    var random = RandomSource(seed: 1)
    let vocabulary = (0..<30_000).map { number -> String in
      let length = 2 + min(number / 8, 3) + random.below(7)
      return String((0..<length).map { _ in Character(Unicode.Scalar(UInt8(97 + random.below(26)))) })
    }
    let spread = logarithm(Double(vocabulary.count + 1))
    var texts: [String] = []
    var size = 0
    while size < bytes {
      let words = (0..<100).map { _ in
        vocabulary[min(vocabulary.count - 1, Int(exponential(random.uniform() * spread)) - 1)]
      }
      texts.append(words.joined(separator: " ") + ".")
      size += texts[texts.count - 1].utf8.count
    }
    return texts
  }

  private static func terms() -> Workload {
    let megabytes = 20
    return Workload(
      .linear, "tf-idf", "\(megabytes) MB of texts", parameters: ["megabytes": megabytes],
      work: .items(megabytes * 1_000_000, "bytes"), hasPeers: true
    ) { _ in
      let texts = texts(bytes: megabytes * 1_000_000)
      return Trial(tolerance: 1e-9) {
        _ = try TfidfVectorizer.fitTransform(texts)
      } check: {
        // Rows are of length 1, and the words counted are all there are.
        let (vectorizer, rows) = try TfidfVectorizer.fitTransform(texts)
        let words = vectorizer.counts.transform(texts).values.reduce(0, +)
        let lengths = (0..<rows.rows).map { row in rows.row(row).reduce(0) { $0 + $1.value * $1.value } }
        return max(abs(words / Double(100 * texts.count) - 1), lengths.reduce(0) { max($0, abs($1 - 1)) })
      }
    }
  }
}
