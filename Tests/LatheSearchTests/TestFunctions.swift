import Foundation
import LatheLearn
import LatheSearch
import Testing

/// Functions whose least value is known, of the literature on optimisation.
enum TestFunction: String, CaseIterable, CustomTestStringConvertible {
  case branin, hartmann6, rosenbrock, noisy

  var testDescription: String { rawValue }

  var least: Double {
    switch self {
    case .branin: 0.397887
    case .hartmann6: -3.32237
    case .rosenbrock, .noisy: 0
    }
  }

  func space() throws -> SearchSpace {
    switch self {
    case .branin:
      try SearchSpace([SearchParameter("x", .uniform(-5...10)), SearchParameter("y", .uniform(0...15))])
    case .hartmann6: try SearchSpace((0..<6).map { SearchParameter("x\($0)", .uniform(0...1)) })
    case .rosenbrock:
      try SearchSpace([SearchParameter("x", .uniform(-2...2)), SearchParameter("y", .uniform(-1...3))])
    case .noisy:
      try SearchSpace([
        SearchParameter("rate", .logUniform(1e-5...1)), SearchParameter("width", .integer(1...64)),
        SearchParameter("kind", .choice(["a", "b", "c"])),
        SearchParameter("more", .uniform(0...1), when: SearchCondition("kind", isOneOf: ["b"])),
      ])
    }
  }

  /// The value without noise.
  func value(_ configuration: [String: SearchValue]) -> Double {
    func number(_ name: String) -> Double { configuration[name]?.number ?? .nan }
    switch self {
    case .branin:
      let (x, y) = (number("x"), number("y"))
      let first = y - 5.1 / (4 * Double.pi * Double.pi) * x * x + 5 / Double.pi * x - 6
      return first * first + 10 * (1 - 1 / (8 * Double.pi)) * cos(x) + 10
    case .hartmann6:
      return -zip(Self.weights, zip(Self.a, Self.p)).reduce(0) { sum, row in
        let inner = (0..<6).reduce(0) {
          let off = number("x\($1)") - row.1.1[$1] * 1e-4
          return $0 + row.1.0[$1] * off * off
        }
        return sum + row.0 * exp(-inner)
      }
    case .rosenbrock:
      let (x, y) = (number("x"), number("y"))
      return 100 * (y - x * x) * (y - x * x) + (1 - x) * (1 - x)
    case .noisy:
      let rate = log10(number("rate")) + 3
      let width = (number("width") - 40) / 20
      let kind = configuration["kind"] == "b" ? abs(number("more") - 0.3) : 1
      return rate * rate + width * width + kind
    }
  }

  private static let weights = [1.0, 1.2, 3, 3.2]
  private static let a: [[Double]] = [
    [10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8],
    [17, 8, 0.05, 10, 0.1, 14],
  ]
  private static let p: [[Double]] = [
    [1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991],
    [2348, 1451, 3522, 2883, 3047, 6650], [4047, 8828, 8732, 5743, 1091, 381],
  ]

  /// The least value, without noise, that a sampler finds.
  func best(
    of sampler: any SearchSampler, trials: Int, seed: UInt64
  ) throws -> Double {
    let study = try Study(space(), goals: [.minimize("f")], sampler: sampler, seed: seed)
    var random = RandomSource(seed: seed, stream: 99)
    var best = Double.infinity
    try study.run(trials: trials) { trial in
      let value = self.value(trial.configuration)
      best = min(best, value)
      return [self == .noisy ? value + 0.1 * random.normal() : value]
    }
    return best
  }
}
