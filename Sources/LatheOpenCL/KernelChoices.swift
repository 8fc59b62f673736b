#if OpenCL
  import LatheCore
  import Synchronization

  /// Parameters in use, with a number that tells them from others where plans are kept.
  package struct KernelChoice: Sendable, Equatable {
    package var parameters: KernelParameters
    package var number: Int
  }

  /// Which parameters each kernel of a device runs with: the best that were found and have not failed since.
  package final class KernelChoices: Sendable {
    private struct Key: Hashable {
      var kernel: TunableKernel
      var shape: TuningShape
    }

    private struct State {
      /// Rows are looked up at first use, since most programs use few devices.
      var isMade = false
      /// The choices left, the best first; none: the built-in parameters.
      var choices: [Key: [KernelChoice]] = [:]
      var levels: [Key: TuningTable.Level] = [:]
      /// Set while a search is under way: only this is tried.
      var forced: (key: Key, choice: KernelChoice?)?
      var numbers = 0

      mutating func choice(_ parameters: KernelParameters) -> KernelChoice {
        numbers += 1
        return KernelChoice(parameters: parameters, number: numbers)
      }
    }

    private let device: String
    private let profile: KernelProfile
    private let makeTable: @Sendable () -> TuningTable
    private let identity: TuningIdentity
    private let limits: TuningLimits
    private let warn: @Sendable (String) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - device: The name in warnings.
    ///   - table: Asked for at first use.
    ///   - warn: Receives what is wrong with rows, and which choices failed.
    package init(
      device: String, profile: KernelProfile, identity: TuningIdentity, limits: TuningLimits,
      table: @escaping @Sendable () -> TuningTable = { .standard },
      warn: @escaping @Sendable (String) -> Void = { writeToStandardError("lathe: warning: \($0)") }
    ) {
      self.device = device
      self.profile = profile
      self.identity = identity
      self.limits = limits
      makeTable = table
      self.warn = warn
    }

    /// What to run a kernel with; nil for its built-in parameters.
    package func current(_ kernel: TunableKernel, _ shape: TuningShape) -> KernelChoice? {
      withState { state in
        let key = Key(kernel: kernel, shape: shape)
        if let forced = state.forced, forced.key == key { return forced.choice }
        return state.choices[key]?.first
      }
    }

    /// Takes back a choice that failed, so that the next one is used from now on.
    ///
    /// - Returns: Whether there is a next one, the built-in parameters included; false while a search tries this one.
    package func replace(
      _ choice: KernelChoice, of kernel: TunableKernel, _ shape: TuningShape, because error: LatheError
    ) -> Bool {
      let next: String? = withState { state in
        let key = Key(kernel: kernel, shape: shape)
        if let forced = state.forced, forced.key == key { return nil }
        state.choices[key]?.removeAll { $0 == choice }
        return state.choices[key]?.first.map { "\($0.parameters)" } ?? "the built-in parameters"
      }
      guard let next else { return false }
      let reason = error.message.split(separator: "\n").first ?? ""
      warn(
        "\(device): tuned kernel \(kernel.rawValue) (\(shape.rawValue)) with \(choice.parameters) fails, now with \(next): \(reason)"
      )
      return true
    }

    /// Runs a search's candidate (nil: the built-in parameters) in place of the choice, and nothing in its stead.
    package func trying<R>(
      _ parameters: KernelParameters?, of kernel: TunableKernel, _ shape: TuningShape, _ body: () throws -> R
    ) rethrows -> R {
      withState { state in
        state.forced = (Key(kernel: kernel, shape: shape), parameters.map { state.choice($0) })
      }
      defer { withState { $0.forced = nil } }
      return try body()
    }

    /// Whether a search is under way that runs a kernel.
    func isTrying(_ kernel: TunableKernel) -> Bool { withState { $0.forced?.key.kernel == kernel } }

    /// How many kernels and shapes are tuned, and how near their rows are; nil where none is.
    package var summary: String? {
      withState { state in
        let counts = TuningTable.Level.allCases.compactMap { level -> String? in
          let count = state.levels.values.filter { $0 == level }.count
          return count == 0 ? nil : "\(count) by \(level.rawValue)"
        }
        return counts.isEmpty ? nil : counts.joined(separator: ", ")
      }
    }

    private func withState<R: Sendable>(_ body: (inout State) -> R) -> R {
      state.withLock { state in
        if !state.isMade { state = makeState() }
        return body(&state)
      }
    }

    private func makeState() -> State {
      let table = makeTable()
      var state = State()
      state.isMade = true
      for kernel in TunableKernel.allCases where kernel.profile == profile {
        for shape in kernel.shapes {
          guard let (row, level) = table.row(kernel, shape, for: identity) else { continue }
          let usable = row.choices.map { KernelParameters($0.parameters) }.filter { parameters in
            guard let objection = kernel.objection(to: parameters, limits) else { return true }
            // Rows of other devices may ask for more than this one has.
            if level == .driver || level == .device {
              warn("\(device): tuned kernel \(row.kernel) (\(row.shape)) is not used: \(objection)")
            }
            return false
          }
          guard !usable.isEmpty else { continue }
          let key = Key(kernel: kernel, shape: shape)
          state.choices[key] = usable.map { state.choice($0) }
          state.levels[key] = level
        }
      }
      return state
    }
  }

  extension OpenCLBackend {
    /// Runs a kernel with the best parameters known, the device's own unless given; where they do not build or start,
    /// with the next.
    package func tuned<R>(
      _ kernel: TunableKernel, _ shape: TuningShape, _ known: KernelChoices? = nil,
      _ body: (KernelChoice?) throws -> R
    ) throws -> R {
      let choices = known ?? choices
      while true {
        let choice = choices.current(kernel, shape)
        do {
          return try body(choice)
        } catch let error as LatheError where error.kind == .kernelBuild || error.kind == .device {
          guard let choice, choices.replace(choice, of: kernel, shape, because: error) else { throw error }
          counters.replacedKernel()
        }
      }
    }

    /// The same for what only the `gpu` profile's kernels have parameters of; others have none.
    func tunedOnGPUs<R>(
      _ kernel: TunableKernel, _ shape: TuningShape, _ body: (KernelParameters?) throws -> R
    ) throws -> R {
      guard profile == .gpu else { return try body(nil) }
      return try tuned(kernel, shape) { try body($0?.parameters) }
    }
  }
#endif
