/// Evaluates many candidates with little, and the better ones with more: all of a round before the next one.
///
/// Jamieson and Talwalkar, "Non-stochastic Best Arm Identification and Hyperparameter Optimization", AISTATS 2016.
public enum SuccessiveHalving {
  /// A candidate with the loss of its last evaluation.
  public struct Result<Candidate: Sendable>: Sendable {
    /// The candidate.
    public let candidate: Candidate
    /// Its loss; nil where it failed.
    public let loss: Double?
    /// What its last evaluation could spend.
    public let budget: Int
  }

  /// Runs rounds until the largest budget is spent on what is left.
  ///
  /// - Parameters:
  ///   - candidates: What is compared.
  ///   - budgets: What the first and the last round may spend on a candidate: rows, epochs, trees.
  ///   - reductionFactor: One of how many goes on, and how many times as much it gets.
  ///   - evaluate: The loss of a candidate with a budget; nil or NaN where it has none, which ends it.
  /// - Returns: All of them, those first that came farthest, and of them the one with the least loss.
  public static func run<Candidate: Sendable>(
    _ candidates: [Candidate], budgets: ClosedRange<Int>, reductionFactor: Int = 3,
    evaluate: (Candidate, Int) throws -> Double?
  ) rethrows -> [Result<Candidate>] {
    precondition(
      budgets.lowerBound >= 1 && reductionFactor >= 2,
      "SuccessiveHalving: a budget from 1 on, a factor from 2 on")
    var left = candidates
    var ended: [Result<Candidate>] = []
    var budget = budgets.lowerBound
    while true {
      let isLast = budget >= budgets.upperBound || left.count <= 1
      if isLast { budget = budgets.upperBound }
      var results: [Result<Candidate>] = []
      for candidate in left {
        let loss = try evaluate(candidate, budget)
        results.append(
          Result(candidate: candidate, loss: loss.flatMap { $0.isNaN ? nil : $0 }, budget: budget))
      }
      let order = results.indices.sorted { a, b in
        switch (results[a].loss, results[b].loss) {
        case (let x?, let y?): x == y ? a < b : x < y
        case (nil, nil): a < b
        case (let x, _): x != nil
        }
      }
      let valid = order.count { results[$0].loss != nil }
      let kept = isLast ? 0 : min(valid, max(1, left.count / reductionFactor))
      ended = order[kept...].map { results[$0] } + ended
      if kept == 0 { return ended }
      left = order[..<kept].map { results[$0].candidate }
      let (next, overflow) = budget.multipliedReportingOverflow(by: reductionFactor)
      budget = overflow ? budgets.upperBound : min(next, budgets.upperBound)
    }
  }
}
