#if OpenCL
  import LatheCore
  import Synchronization

  /// What a trial found of a device's matrix units for one type.
  package enum MatrixVerdict: Sendable, Hashable {
    /// They agree with the plain kernel; seconds of the trial's product on them and by that, or by what they are to replace.
    case agrees(units: Double, plain: Double)
    /// They give something else.
    case differs
    /// They do not build or run, and why.
    case fails(String)

    /// Whether products go there.
    package var serves: Bool {
      if case .agrees(let units, let plain) = self { return units < plain }
      return false
    }

    /// A line for a file.
    package var line: String {
      switch self {
      case .agrees(let units, let plain): "agrees \(units) \(plain)"
      case .differs: "differs"
      case .fails(let reason): "fails \(reason)"
      }
    }

    /// What `line` gave; nil for anything else.
    package init?(line: String) {
      let words = line.split(separator: " ", maxSplits: 2).map(String.init)
      switch words.first {
      case "agrees":
        guard words.count == 3, let units = Double(words[1]), let plain = Double(words[2]), units > 0,
          plain > 0
        else { return nil }
        self = .agrees(units: units, plain: plain)
      case "differs": self = .differs
      case "fails": self = .fails(words.dropFirst().joined(separator: " "))
      default: return nil
      }
    }

    /// The verdict in words; `rival` is what was as right and had another time.
    package func text(beside rival: String = "plain kernels") -> String {
      switch self {
      case .agrees(let units, let plain):
        units < plain
          ? "\(formatted(plain / units, "%.1f")) times as fast as \(rival)"
          : "not used: slower than \(rival) (\(formatted(units / plain, "%.1f")) times the time)"
      case .differs: "not used: the results differ from those of plain kernels"
      case .fails(let reason): "not used: \(reason)"
      }
    }
  }

  extension OpenCLBackend {
    /// What `lathe devices` shows of the device's matrix units; nil where there are none that are known.
    package var matrixUnitSummary: String? { matrixUnits.summary }

    /// Whether products on a form's emulation give what plain kernels give; `extra` are definitions beside those of the form.
    package func emulationAgrees(_ name: String, _ dtype: DType, _ extra: KernelOptions = [:]) throws -> Bool
    {
      guard let form = MatrixForm(emulation: name) else {
        throw LatheError(.invalidArgument, "there is no form \(name)")
      }
      return try MatrixTrial(self, form, StoredType(dtype), extra: extra).agrees()
    }
  }

  /// Whether a device's matrix units are used.
  ///
  /// They are after a trial at first use, whose verdict is kept per driver beside compiled programs.
  /// Of two forms for large products (Hopper) the second is, after a trial against the first.
  /// `LATHE_MATRIX_UNITS=off` uses none, `on` those of the device without a trial, `wgmma` also its warp groups, and
  /// `emulated-NAME` a form in plain OpenCL C, which shows what the kernels around it do.
  final class MatrixUnits: Sendable {
    /// A form on trial for a type.
    private struct Candidate: Hashable {
      let form: MatrixForm, type: StoredType
      /// What else would serve; nil for plain kernels.
      var rival: MatrixForm?
    }

    /// What the device has, or what is emulated on it.
    let form: MatrixForm?
    /// What it has for large products beside that.
    private let warpGroups: MatrixForm?
    private let isTried: Bool
    private let identity: String
    private let disk = BinaryCache.standard()
    private let verdicts = Mutex<[Candidate: MatrixVerdict]>([:])
    /// One trial at a time: they are timed.
    private let trials = Mutex(())

    init(_ place: OpenCLPlace, _ profile: KernelProfile) {
      let choice = environment("LATHE_MATRIX_UNITS") ?? "auto"
      form =
        profile == .gpu && choice != "off" ? MatrixForm(emulation: choice) ?? MatrixForm(place) : nil
      warpGroups = form != nil && ["auto", "wgmma"].contains(choice) ? MatrixForm.warpGroups(place) : nil
      isTried = choice == "auto"
      identity = [place.platformName, place.platformVersion, place.info.name, place.info.driver]
        .joined(separator: "\n")
    }

    /// The form that a type goes to on a backend, float32 only where tf32 is allowed; nil where plain kernels do it.
    func form(_ type: StoredType, allowsTF32: Bool = false, on backend: OpenCLBackend) -> MatrixForm? {
      guard type != .float32 || allowsTF32, let form, form.takes(type) else { return nil }
      return serves(Candidate(form: form, type: type), on: backend) ? form : nil
    }

    /// The same for products, which have another form where the device's warp groups serve.
    func productForm(_ type: StoredType, allowsTF32: Bool, on backend: OpenCLBackend) -> MatrixForm? {
      guard let form = form(type, allowsTF32: allowsTF32, on: backend) else { return nil }
      guard let warpGroups, type != .float32 else { return form }
      return serves(Candidate(form: warpGroups, type: type, rival: form), on: backend) ? warpGroups : form
    }

    private func serves(_ candidate: Candidate, on backend: OpenCLBackend) -> Bool {
      !isTried || verdict(candidate, on: backend).serves
    }

    private func verdict(_ candidate: Candidate, on backend: OpenCLBackend) -> MatrixVerdict {
      if let known = known(candidate) { return known }
      return trials.withLock { _ in
        if let known = known(candidate) { return known }
        let found = MatrixTrial(backend, candidate.form, candidate.type, rival: candidate.rival).verdict()
        verdicts.withLock { $0[candidate] = found }
        disk.store(Array(found.line.utf8), key: key(candidate))
        return found
      }
    }

    /// What was found in this process or an earlier one.
    private func known(_ candidate: Candidate) -> MatrixVerdict? {
      if let known = verdicts.withLock({ $0[candidate] }) { return known }
      guard disk.folder != nil, let bytes = disk.load(key: key(candidate)),
        let kept = MatrixVerdict(line: String(decoding: bytes, as: UTF8.self))
      else { return nil }
      verdicts.withLock { $0[candidate] = kept }
      return kept
    }

    /// What a verdict depends on: device, driver and the kernels compared.
    private func key(_ candidate: Candidate) -> String {
      let form = candidate.form
      var options = form.options
      if form.hasWarpGroups { options[KernelOptions.warpGroups] = 1 }
      let texts = ["gemm_matrix_gpu.cl", "gemm_gpu.cl"].compactMap {
        try? KernelSource.file($0).text(for: .gpu, options)
      }
      return (["matrix units", form.name, candidate.type.name, identity] + texts).joined(separator: "\n")
    }

    /// What `lathe devices` shows; nil where the device has none that are known.
    var summary: String? {
      guard let form else { return nil }
      guard isTried else { return "\((warpGroups ?? form).name), used without a trial" }
      func line(_ shown: MatrixForm, _ types: [StoredType], beside rival: MatrixForm?) -> String {
        "\(shown.name); "
          + types.filter(shown.takes).map { type in
            let verdict = known(Candidate(form: shown, type: type, rival: rival))
            let text = rival.map { verdict?.text(beside: $0.name) } ?? verdict?.text()
            return "\(type == .float32 ? "tf32" : type.name): \(text ?? "not tried yet")"
          }.joined(separator: "; ")
      }
      let first = line(form, [.float16, .bfloat16, .float32], beside: nil)
      return warpGroups.map { "\(first); \(line($0, [.float16, .bfloat16], beside: form))" } ?? first
    }
  }
#endif
