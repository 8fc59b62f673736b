import CPUKernels
import LatheCore

/// How rows look to the nodes of an ensemble: for each column the place of its value among all thresholds.
///
/// Missing values and categories are dealt with here, once for each row, so that a node compares two whole numbers. Nodes
/// that treat missing values differently look at different views of a column.
struct RankViews: Sendable {
  /// How a view treats missing values; without one of these NaN has rank 0 and goes left.
  enum Kind: Hashable, Sendable {
    case nanLeft
    case nanRight
    case nanIsZero
    case zeroLeft
    case zeroRight
    case categories([UInt32], nanGoesLeft: Bool)
  }

  struct View: Hashable, Sendable {
    var feature: Int
    var kind: Kind
  }

  private(set) var views: [View] = []
  private var numbers: [View: Int] = [:]
  /// The thresholds of each column, rising.
  private var bounds: [Int: [Double]] = [:]
  private var floatBounds: [Int: [Float]] = [:]
  private var zeroRanks: [Int: UInt16] = [:]
  static let last = UInt16.max
  static let rows = Int(LATHE_TREE_ROWS)

  /// Views for all splits of trees.
  init(_ trees: [Tree]) {
    var thresholds: [Int: Set<Double>] = [:]
    for tree in trees {
      for split in tree.splits {
        add(view(of: split))
        if split.categories == nil { thresholds[split.feature, default: []].insert(split.threshold) }
      }
    }
    for (feature, values) in thresholds {
      let rising = values.sorted()
      bounds[feature] = rising
      // The largest float32 that is not above the threshold divides float32 values in the same way.
      floatBounds[feature] = rising.map {
        let rounded = Float($0)
        return Double(rounded) > $0 ? rounded.nextDown : rounded
      }
      zeroRanks[feature] = UInt16(clamping: rising.prefix { $0 < 0 }.count)
    }
  }

  /// Whether all ranks fit into 16 bits.
  var fits: Bool { bounds.values.allSatisfy { $0.count < Int(Self.last) } }

  private mutating func add(_ view: View) {
    guard numbers[view] == nil else { return }
    numbers[view] = views.count
    views.append(view)
  }

  private func view(of split: TreeSplit) -> View {
    let kind: Kind
    if let categories = split.categories {
      kind = .categories(categories, nanGoesLeft: split.missingGoesLeft)
    } else {
      switch split.missing {
      case .none: kind = .nanIsZero
      case .nan: kind = split.missingGoesLeft ? .nanLeft : .nanRight
      case .zero: kind = split.missingGoesLeft ? .zeroLeft : .zeroRight
      }
    }
    return View(feature: split.feature, kind: kind)
  }

  /// The view that a split looks at, and the rank above which a row goes right.
  func condition(_ split: TreeSplit) -> (view: Int, threshold: Int) {
    let number = numbers[view(of: split)] ?? 0
    if split.categories != nil { return (number, 0) }
    let rising = bounds[split.feature] ?? []
    var (low, high) = (0, rising.count)
    while low < high {
      let middle = (low + high) / 2
      if rising[middle] < split.threshold { low = middle + 1 } else { high = middle }
    }
    return (number, low)
  }

  /// Ranks of rows `first`..., at most 64, view by view.
  func fill(_ ranks: UnsafeMutablePointer<UInt16>, _ x: FeatureMatrix, first: Int) {
    let count = min(Self.rows, x.rows - first)
    switch x.storage {
    case .float32(let values):
      values.withUnsafeBufferPointer { values in
        guard let base = values.baseAddress else { return }
        fill(ranks, x, base, first, count) { feature, from, to in
          lathe_tree_ranks_f32(
            from, x.rowStride, count, floatBounds[feature] ?? [], floatBounds[feature]?.count ?? 0, to)
        }
      }
    case .float64(let values):
      values.withUnsafeBufferPointer { values in
        guard let base = values.baseAddress else { return }
        fill(ranks, x, base, first, count) { feature, from, to in
          lathe_tree_ranks_f64(
            from, x.rowStride, count, bounds[feature] ?? [], bounds[feature]?.count ?? 0, to)
        }
      }
    }
  }

  private func fill<T: FeatureScalar>(
    _ ranks: UnsafeMutablePointer<UInt16>, _ x: FeatureMatrix, _ base: UnsafePointer<T>, _ first: Int,
    _ count: Int,
    rank: (Int, UnsafePointer<T>, UnsafeMutablePointer<UInt16>) -> Void
  ) {
    for (number, view) in views.enumerated() {
      let from = base + first * x.rowStride + view.feature * x.columnStride
      let to = ranks + number * Self.rows
      if case .categories(let words, let nanGoesLeft) = view.kind {
        for i in 0..<count {
          let value = Double(from[i * x.rowStride])
          let isKnown = value >= 0 && value < Double(words.count * 32)
          let isIn =
            isKnown ? words[Int(value) >> 5] >> UInt32(Int(value) & 31) & 1 == 1 : value.isNaN && nanGoesLeft
          to[i] = isIn ? 0 : 1
        }
        continue
      }
      rank(view.feature, from, to)
      replace(view, from, x.rowStride, count, to)
    }
  }

  /// Gives missing values the rank by which they go where they belong.
  private func replace<T: FeatureScalar>(
    _ view: View, _ from: UnsafePointer<T>, _ stride: Int, _ count: Int, _ to: UnsafeMutablePointer<UInt16>
  ) {
    func replace(by rank: UInt16, where isMissing: (T) -> Bool) {
      for i in 0..<count where isMissing(from[i * stride]) { to[i] = rank }
    }
    func isZero(_ value: T) -> Bool { value.isNaN || abs(Double(value)) <= ColumnBins.zero }
    switch view.kind {
    case .nanLeft, .categories: break
    case .nanRight: replace(by: Self.last) { $0.isNaN }
    case .nanIsZero: replace(by: zeroRanks[view.feature] ?? 0) { $0.isNaN }
    case .zeroLeft: replace(by: 0, where: isZero)
    case .zeroRight: replace(by: Self.last, where: isZero)
    }
  }
}
