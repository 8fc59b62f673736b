#if OpenCL
  /// A search through a kernel's parameters: seeded order, early stop, the best three kept.
  package struct TuningSearch: Sendable {
    /// How many choices a row keeps: where the first fails one day, the next takes its place.
    package static let kept = 3
    /// A candidate that takes so many times as long as the best is given up.
    package static let patience = 3.0

    /// Parameters with the time they took.
    package struct Timed: Sendable, Equatable {
      package var parameters: KernelParameters
      package var seconds: Double

      package init(_ parameters: KernelParameters, seconds: Double) {
        self.parameters = parameters
        self.seconds = seconds
      }
    }

    package let kernel: TunableKernel
    package let limits: TuningLimits

    package init(_ kernel: TunableKernel, _ limits: TuningLimits) {
      self.kernel = kernel
      self.limits = limits
    }

    /// Every combination that the device can take, in the order of the axes.
    package var space: [KernelParameters] {
      kernel.axes.reduce([KernelParameters([:])]) { partial, axis in
        partial.flatMap { parameters in
          axis.values.map { KernelParameters(parameters.values.merging([axis.name: $0]) { $1 }) }
        }
      }.filter { kernel.objection(to: $0, limits) == nil }
    }

    /// At most `count` of the space in an order that the seed alone decides.
    package func candidates(seed: UInt64, count: Int) -> [KernelParameters] {
      var generator = SplitMix64(state: seed)
      return Array(space.shuffled(using: &generator).prefix(count))
    }

    /// The best few of the candidates.
    ///
    /// - Parameter measure: The seconds a candidate takes, nil where its result is wrong or it does not run; it may
    ///   give up and return what it has once the time given is passed.
    package func best(
      of candidates: [KernelParameters], notAbove seconds: Double, shouldStop: () -> Bool,
      measure: (KernelParameters, _ limit: Double) throws -> Double?
    ) rethrows -> [Timed] {
      var found: [Timed] = []
      for candidate in candidates {
        if shouldStop() { break }
        let best = min(seconds, found.first?.seconds ?? .infinity)
        guard let time = try measure(candidate, best * Self.patience), time.isFinite, time > 0 else {
          continue
        }
        found.append(Timed(candidate, seconds: time))
        found.sort { $0.seconds < $1.seconds }
        found.removeLast(max(0, found.count - Self.kept))
      }
      return found
    }
  }

  /// SplitMix64 (Steele, Lea and Flood, 2014).
  struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }
#endif
