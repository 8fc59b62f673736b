import CPUKernels

/// The best division of categories into two sides, as LightGBM looks for it.
struct CategoricalSplit {
  let configuration: BoostingConfiguration
  var rules: lathe_split_rules
  let pairs: UnsafePointer<Int64>
  let bins: Int
  let gradient: Int64
  let hessian: Int64
  let rows: Double

  /// The split whose gains of both children add up to the most; nil where none is allowed.
  func best() -> LeafSplit? {
    // Code 0 is for rare and missing categories, which always go right.
    bins <= configuration.maxOneHotCategories ? oneAgainstAll() : ordered()
  }

  private func count(_ hessian: Int64) -> Double {
    guard self.hessian > 0 else { return 0 }
    return (Double(hessian) * rows / Double(self.hessian)).rounded()
  }

  private func gain(_ g: Int64, _ h: Int64, _ rules: lathe_split_rules) -> Double {
    let (gu, hu) = (rules.gradient_unit, rules.hessian_unit)
    return rules.gain(Double(g) * gu, Double(h) * hu)
      + rules.gain(Double(gradient - g) * gu, Double(hessian - h) * hu)
  }

  private func isLargeEnough(_ hessian: Int64) -> Bool {
    Double(hessian) * rules.hessian_unit >= rules.min_hessian && count(hessian) >= rules.min_rows
  }

  private func oneAgainstAll() -> LeafSplit? {
    var best: LeafSplit?
    for code in 1..<max(bins, 1) {
      let (g, h) = (pairs[2 * code], pairs[2 * code + 1])
      guard isLargeEnough(h), isLargeEnough(hessian - h) else { continue }
      let gain = gain(g, h, rules)
      if gain > best?.gain ?? -.infinity {
        best = LeafSplit(
          gain: gain, missingGoesLeft: false, categories: [UInt8(code)], gradient: g, hessian: h, l2: rules.l2
        )
      }
    }
    return best
  }

  /// Categories in the order of their mean gradient; some from one end go left.
  private func ordered() -> LeafSplit? {
    var rules = rules
    rules.l2 += configuration.categoricalL2
    let smoothing = configuration.categoricalSmoothing
    func mean(_ code: Int) -> Double {
      Double(pairs[2 * code]) * rules.gradient_unit
        / (Double(pairs[2 * code + 1]) * rules.hessian_unit + smoothing)
    }
    let order = (1..<max(bins, 1)).filter { count(pairs[2 * $0 + 1]) >= smoothing }
      .map { ($0, mean($0)) }.sorted { ($0.1, $0.0) < ($1.1, $1.0) }.map(\.0)
    let most = min(configuration.maxCategories, (order.count + 1) / 2)
    let leastInGroup = Double(configuration.minRowsInGroup)
    var best: LeafSplit?
    for isRising in [true, false] {
      var (g, h, inGroup) = (Int64(0), Int64(0), 0.0)
      for i in 0..<most {
        let code = isRising ? order[i] : order[order.count - 1 - i]
        g += pairs[2 * code]
        h += pairs[2 * code + 1]
        inGroup += count(pairs[2 * code + 1])
        guard isLargeEnough(h) else { continue }
        guard isLargeEnough(hessian - h), count(hessian - h) >= leastInGroup else { break }
        guard inGroup >= leastInGroup else { continue }
        inGroup = 0
        let gain = gain(g, h, rules)
        if gain > best?.gain ?? -.infinity {
          let codes = isRising ? Array(order[...i]) : Array(order[(order.count - 1 - i)...])
          best = LeafSplit(
            gain: gain, missingGoesLeft: false, categories: codes.map { UInt8($0) }, gradient: g, hessian: h,
            l2: rules.l2)
        }
      }
    }
    return best
  }
}
