#if OpenCL
  import LatheCore

  /// A device's own elementary functions beside Lathe's: used where they are as exact as is promised, and quicker.
  package struct BuiltinTrial: Sendable, Equatable {
    /// What was found of a function.
    package struct Finding: Sendable, Equatable {
      package var name: String
      /// In units in the last place.
      package var error: Double
      package var builtinSeconds: Double
      package var ownSeconds: Double

      /// A gain below a twentieth may be none.
      package var isUsed: Bool {
        let promised = BuiltinFunctions.all.first { $0.name == name }?.promised ?? 0
        return error <= promised && builtinSeconds < 0.95 * ownSeconds
      }
    }

    package var findings: [Finding]

    package var chosen: BuiltinFunctions { BuiltinFunctions(names: findings.filter(\.isUsed).map(\.name)) }

    /// The findings, a line each.
    package var bytes: [UInt8] {
      Array(findings.map { "\($0.name) \($0.error) \($0.builtinSeconds) \($0.ownSeconds)\n" }.joined().utf8)
    }

    package init(findings: [Finding]) { self.findings = findings }

    /// Findings as they were kept; nil where these are none.
    package init?(_ bytes: [UInt8]) {
      findings = []
      for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
        let words = line.split(separator: " ")
        let numbers = words.dropFirst().compactMap { Double(String($0)) }
        guard words.count == 4, numbers.count == 3 else { return nil }
        findings.append(
          Finding(
            name: String(words[0]), error: numbers[0], builtinSeconds: numbers[1], ownSeconds: numbers[2]))
      }
      guard findings.map(\.name) == BuiltinFunctions.all.map(\.name) else { return nil }
    }

    /// A kernel that gives a function's values, and one that takes as long as many of them do.
    static func source(_ profile: KernelProfile) -> KernelSource {
      let width = profile.vectorWidth
      let kernels = BuiltinFunctions.all.map { function in
        let call = "lathe_\(function.name)_f\(width)"
        return """
          __kernel void value_\(function.name)(__global const float *x, __global float *y) {
            const size_t i = get_global_id(0);
            vstore\(width)(\(call)(vload\(width)(i, x)), i, y);
          }
          __kernel void time_\(function.name)(__global float *y, int turns) {
            const size_t i = get_global_id(0);
            float\(width) x = (float\(width))(0.5f + 1e-6f * (float)i);
            float\(width) sum = (float\(width))0.0f;
            for (int turn = 0; turn < turns; turn++) {
              sum += \(call)(x);
              x += 0.01f;
            }
            vstore\(width)(sum, i, y);
          }

          """
      }
      return .generated(name: "functions", text: kernels.joined())
    }
  }

  extension OpenCLBackend {
    /// The device's own functions that are to be used: by LATHE_BUILTIN_MATH, else on GPUs by a trial, which is kept per
    /// driver beside compiled programs; without such a folder nothing is tried.
    func chooseBuiltinFunctions() -> BuiltinFunctions {
      switch environment("LATHE_BUILTIN_MATH") {
      case "on": return BuiltinFunctions(names: BuiltinFunctions.all.map(\.name))
      case "off": return .none
      default: break
      }
      let cache = BinaryCache.standard()
      guard info.type == "gpu", cache.folder != nil else { return .none }
      // A device that cannot run the trial has errors for whoever uses it.
      return (try? keptBuiltinTrial(cache))?.chosen ?? .none
    }

    private func keptBuiltinTrial(_ cache: BinaryCache) throws -> BuiltinTrial {
      let key = [
        "builtin functions", place.platformName, place.platformVersion, info.name, info.driver,
        profile.rawValue,
        try BuiltinTrial.source(profile).text(for: profile, [:]),
      ].joined(separator: "\n")
      if let kept = cache.load(key: key).flatMap({ BuiltinTrial($0) }) { return kept }
      let trial = try tryBuiltinFunctions()
      cache.store(trial.bytes, key: key)
      return trial
    }

    /// Runs the trial.
    package func tryBuiltinFunctions() throws -> BuiltinTrial {
      let source = BuiltinTrial.source(profile)
      let text = try source.text(for: profile, [:])
      let arguments = ProgramCache.arguments(profile: profile, isPoCL: place.isPoCL)
      let every = BuiltinFunctions(names: BuiltinFunctions.all.map(\.name))
      let own = try programs.fromSource(text, name: source.name, arguments)
      let builtin = try programs.fromSource(text, name: source.name, arguments + every.arguments)
      let inputs = BuiltinFunctions.Function.inputs
      let x = try pool.allocate(4 * inputs.count)
      try inputs.withUnsafeBytes { try write($0, to: x) }
      return BuiltinTrial(
        findings: try BuiltinFunctions.all.map { function in
          let values = try values(of: function, in: builtin, at: x, count: inputs.count)
          // As often as takes far longer than a launch.
          var turns = 16
          var seconds = try seconds(of: function, in: own, turns)
          while seconds < 5e-4 && turns < 4096 {
            turns *= 4
            seconds = try self.seconds(of: function, in: own, turns)
          }
          return BuiltinTrial.Finding(
            name: function.name, error: function.error(of: values, at: inputs),
            builtinSeconds: try self.seconds(of: function, in: builtin, turns), ownSeconds: seconds)
        })
    }

    private func values(
      of function: BuiltinFunctions.Function, in program: OpenCLProgram, at x: OpenCLBuffer, count: Int
    ) throws -> [Float] {
      let kernel = try programs.kernel("value_\(function.name)", of: program, source: "functions")
      let y = try pool.allocate(4 * count)
      try launch(
        kernel, [.memory(x.memory), .memory(y.memory)], global: (count / profile.vectorWidth, 1, 1),
        local: (1, 1, 1))
      var values = [Float](repeating: 0, count: count)
      try values.withUnsafeMutableBytes { try read(y, offset: 0, into: $0) }
      return values
    }

    private func seconds(of function: BuiltinFunctions.Function, in program: OpenCLProgram, _ turns: Int)
      throws -> Double
    {
      let kernel = try programs.kernel("time_\(function.name)", of: program, source: "functions")
      let items = max(1, info.computeUnits) * 2048
      let y = try pool.allocate(4 * items * profile.vectorWidth)
      // The first run may be part of the compilation.
      return try (0..<4).map { turn in
        let start = Trace.now
        try launch(
          kernel, [.memory(y.memory), .int(turn == 0 ? 1 : turns)], global: (items, 1, 1), local: (64, 1, 1))
        try synchronize()
        return Double(Trace.now - start) * 1e-9
      }.dropFirst().min() ?? 0
    }

    /// What the trial finds, for `lathe probe`.
    func probeFunctions(_ report: (ProbeFinding) -> Void) throws {
      for finding in try tryBuiltinFunctions().findings {
        let ratio = finding.ownSeconds / max(finding.builtinSeconds, 1e-12)
        report(
          ProbeFinding(
            finding.name, .figure,
            "error \(Self.hundredths(finding.error)) units, \(Self.hundredths(ratio)) times as fast as Lathe's: "
              + (finding.isUsed ? "used" : "not used")))
      }
    }

    private static func hundredths(_ value: Double) -> String {
      value.isFinite && value < 1e9 ? "\((value * 100).rounded() / 100)" : "\(value)"
    }
  }
#endif
