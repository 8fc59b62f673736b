#if OpenCL
  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #endif
  import COpenCL
  import LatheCore

  /// Finds out, in a process of its own, which drivers end the process that uses them.
  ///
  /// Such a driver would take the program down when it is first used, whoever uses it. What was found out is kept beside
  /// compiled programs until drivers change; without such a folder nothing is tried. `LATHE_DRIVER_TRIAL=off` tries nothing.
  struct DriverTrial {
    /// How a process ended: the signal, or 0 where the driver called `exit`.
    private typealias Signal = Int

    /// What is wrong with devices, by their place in the list.
    private(set) var problems: [Int: String] = [:]
    /// Why no platform can be asked at all; nil where they can.
    private(set) var absence: String?

    private static let seconds = 120

    /// Takes what is known of this host's drivers, or tries them.
    ///
    /// Nothing may have been asked of OpenCL before.
    init(cache: BinaryCache = .standard()) {
      guard environment("LATHE_DRIVER_TRIAL") != "off", cache.folder != nil, let programs = TrialPrograms()
      else {
        return
      }
      let key = "driver trial\n" + InstalledDrivers.identity + programs.identity
      let ends: [Int: Signal]
      if let kept = cache.load(key: key).flatMap(DriverTrial.parse) {
        ends = kept
      } else {
        guard let found = DriverTrial.run(programs) else { return }
        ends = found
        cache.store(DriverTrial.text(of: ends), key: key)
      }
      for (device, signal) in ends where device >= 0 {
        problems[device] = "its driver ends the process" + DriverTrial.reason(signal)
      }
      absence = ends[-1].map {
        "a driver ends the process that lists its devices" + DriverTrial.reason($0) + "; registered here: "
          + InstalledDrivers.registered.joined(separator: ", ")
      }
    }

    /// Every device whose driver ends the process, -1 for one that does so before the first; nil where that is not known.
    private static func run(_ programs: TrialPrograms) -> [Int: Signal]? {
      var ends: [Int: Signal] = [:]
      var first = 0
      while true {
        let verdict = programs.withTrial(seconds: seconds) { lathe_opencl_trial(&$0, Int32(first)) }
        switch verdict.kind {
        case LATHE_TRIAL_PASSED: return ends
        case LATHE_TRIAL_ENDED:
          ends[Int(verdict.device)] = Int(verdict.signal)
          guard verdict.device >= 0 else { return ends }
          first = Int(verdict.device) + 1
        default: return nil
        }
      }
    }

    private static func reason(_ signal: Signal) -> String {
      (signal == 0 ? "" : " (signal \(signal))") + "; LATHE_DRIVER_TRIAL=off uses it all the same"
    }

    /// A line for each device.
    private static func text(of ends: [Int: Signal]) -> [UInt8] {
      Array(("ends\n" + ends.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }.joined()).utf8)
    }

    private static func parse(_ bytes: [UInt8]) -> [Int: Signal]? {
      let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
      guard lines.first == "ends" else { return nil }
      var ends: [Int: Signal] = [:]
      for line in lines.dropFirst() {
        let numbers = line.split(separator: " ").compactMap { Int($0) }
        guard numbers.count == 2 else { return nil }
        ends[numbers[0]] = numbers[1]
      }
      return ends
    }
  }

  /// The programs of a trial: a kernel of each profile with what every kernel has in front of it.
  private struct TrialPrograms {
    /// Source and options by profile, `cpu` first, and by whether the platform is PoCL.
    private var texts: [[(source: String, options: String)]] = []
    private var profile: Int32 = -1

    init?() {
      do {
        if environment("LATHE_KERNEL_PROFILE") != nil {
          profile = try KernelProfile.chosen(forType: "") == .cpu ? 0 : 1
        }
        for profile in KernelProfile.allCases {
          let body = TrialPrograms.kernel(width: profile.vectorWidth)
          let source = try KernelSource.generated(name: "trial", text: body).text(for: profile, [:])
          texts.append(
            try [false, true].map { isPoCL in
              let arguments = ProgramCache.arguments(profile: profile, isPoCL: isPoCL)
              guard isPoCL else { return (source, arguments) }
              return (try KernelSource.builtins(for: source, profile) + source, arguments + " -D_OPENCL_H_")
            })
        }
      } catch {
        // Whoever opens a device meets the same error.
        return nil
      }
    }

    /// What tells one set of programs from another.
    var identity: String {
      "\(profile)\n" + texts.flatMap { $0 }.map { $0.options + "\n" + $0.source }.joined(separator: "\n")
    }

    private static func kernel(width: Int) -> String {
      """
      __kernel void trial(__global float *y) {
        __local float shared_values[64];
        const int i = (int)get_local_id(0);
        LATHE_FETCH(y + \(width) * i);
        const float\(width) v = vload\(width)(i, y);
        shared_values[i] = lathe_exp_f1(v.s0);
        barrier(CLK_LOCAL_MEM_FENCE);
        vstore\(width)(lathe_exp_f\(width)(v) + shared_values[63 - i], i, y);
      }
      """
    }

    /// Calls a body with the programs as C wants them.
    func withTrial<Result>(seconds: Int, _ body: (inout LatheOpenCLTrial) -> Result) -> Result {
      let strings = texts.flatMap { $0 }.map { (strdup($0.source), strdup($0.options)) }
      defer {
        for (source, options) in strings {
          free(source)
          free(options)
        }
      }
      let programs = strings.map { LatheOpenCLTrialProgram(source: $0, options: $1) }
      var trial = LatheOpenCLTrial(
        programs: ((programs[0], programs[1]), (programs[2], programs[3])), profile: profile,
        seconds: UInt32(seconds))
      return body(&trial)
    }
  }
#endif
