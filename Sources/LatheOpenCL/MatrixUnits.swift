#if OpenCL
  import LatheCore
  import Synchronization

  /// What a trial found of a device's matrix units for one type.
  package enum MatrixVerdict: Sendable, Hashable {
    /// They agree with the plain kernel; seconds of the trial's product on them and by that.
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

    /// The verdict in words.
    package var text: String {
      switch self {
      case .agrees(let units, let plain):
        units < plain
          ? "\(formatted(plain / units, "%.1f")) times as fast as plain kernels"
          : "not used: slower than plain kernels (\(formatted(units / plain, "%.1f")) times their time)"
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
  /// `LATHE_MATRIX_UNITS=off` uses none, `on` those of the device without a trial, and `emulated-NAME` a form in plain
  /// OpenCL C, which shows what the kernels around it do.
  final class MatrixUnits: Sendable {
    /// What the device has, or what is emulated on it.
    let form: MatrixForm?
    private let isTried: Bool
    private let identity: String
    private let disk = BinaryCache.standard()
    private let verdicts = Mutex<[StoredType: MatrixVerdict]>([:])
    /// One trial at a time: they are timed.
    private let trials = Mutex(())

    init(_ place: OpenCLPlace, _ profile: KernelProfile) {
      let choice = environment("LATHE_MATRIX_UNITS") ?? "auto"
      form =
        profile == .gpu && choice != "off" ? MatrixForm(emulation: choice) ?? MatrixForm(place) : nil
      isTried = choice == "auto"
      identity = [place.platformName, place.platformVersion, place.info.name, place.info.driver]
        .joined(separator: "\n")
    }

    /// The form that products of a type go to on a backend, of float32 only where tf32 is allowed; nil where plain kernels do
    /// them.
    func form(_ type: StoredType, allowsTF32: Bool = false, on backend: OpenCLBackend) -> MatrixForm? {
      guard type != .float32 || allowsTF32, let form, form.takes(type) else { return nil }
      return !isTried || verdict(type, form, on: backend).serves ? form : nil
    }

    private func verdict(_ type: StoredType, _ form: MatrixForm, on backend: OpenCLBackend) -> MatrixVerdict {
      if let known = known(type) { return known }
      return trials.withLock { _ in
        if let known = known(type) { return known }
        let found = MatrixTrial(backend, form, type).verdict()
        verdicts.withLock { $0[type] = found }
        if let key = key(type) { disk.store(Array(found.line.utf8), key: key) }
        return found
      }
    }

    /// What was found in this process or an earlier one.
    private func known(_ type: StoredType) -> MatrixVerdict? {
      if let known = verdicts.withLock({ $0[type] }) { return known }
      guard disk.folder != nil, let key = key(type), let bytes = disk.load(key: key),
        let kept = MatrixVerdict(line: String(decoding: bytes, as: UTF8.self))
      else { return nil }
      verdicts.withLock { $0[type] = kept }
      return kept
    }

    /// What a verdict depends on: device, driver and the kernels compared.
    private func key(_ type: StoredType) -> String? {
      guard let form else { return nil }
      let texts = ["gemm_matrix_gpu.cl", "gemm_gpu.cl"].compactMap {
        try? KernelSource.file($0).text(for: .gpu, form.options)
      }
      return (["matrix units", form.name, type.name, identity] + texts).joined(separator: "\n")
    }

    /// What `lathe devices` shows; nil where the device has none that are known.
    var summary: String? {
      guard let form else { return nil }
      guard isTried else { return "\(form.name), used without a trial" }
      let types = [StoredType.float16, .bfloat16, .float32].filter(form.takes)
      return "\(form.name); "
        + types.map {
          "\($0 == .float32 ? "tf32" : $0.name): \(known($0)?.text ?? "not tried yet")"
        }.joined(separator: "; ")
    }
  }
#endif
