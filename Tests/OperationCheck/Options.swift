import Lathe
import TestSupport

/// What the command line asks for.
struct Options {
  static let usage = """
    usage: OperationCheck [--device auto|all|cpu|opencl|opencl:N] [--profile all|cpu|gpu]
                          [--mode value|gradient|secondOrder|view]... [--name TEXT] [--case NAME]
                          [--largest ELEMENTS] [--run-only] [--list] [--verbose]
                          [--apart [--patience SECONDS] [--known FILE]] [--large]

    Runs the cases whose name contains TEXT (or is NAME) and whose inputs have at most ELEMENTS elements. `auto` is every
    OpenCL GPU. The exit code is 1 where a case fails or runs on the CPU instead of the OpenCL device, 2 where there is
    nothing to run or the command line is wrong, 3 where `auto` finds no GPU.

    --run-only  results are compared with nothing: for drivers that only write down what they are asked to do
    --apart     each device and profile has a process of its own, which a driver may end, or keep waiting for SECONDS
                (600), without harm to the rest: the case fails, and the next one goes on. On GPUs the kernels of the
                cpu profile are looked at for information. FILE lists faults of a driver that are known: a line
                `PROFILE MODE CASE` each, `*` for any profile or mode, a case that ends in `...` for all that begin so;
                lines after # say why.
    --large     instead of the cases: buffers of 5 GiB, more than 2^31 elements, more than 65,535 work-groups
    """

  /// What is wrong with the command line.
  struct Mistake: Error {
    var text: String
  }

  var device = "cpu"
  var profiles = ["gpu"]
  var modes = Mode.allCases
  var text = ""
  var exactName = ""
  var largest = Int.max
  var runsOnly = false
  var lists = false
  var verbose = false
  var isApart = false
  var isLarge = false
  /// How long a process may be silent.
  var patience = 600
  var known: String?
  /// For this program's own processes: to say which devices there are, to run one part, from where on.
  var tellsDevices = false
  var isPart = false
  var showsHelp = false
  var start: String?

  init(_ words: some Sequence<String>) throws(Mistake) {
    var words = Array(words)[...]
    var namedModes: [Mode] = []
    while let option = words.popFirst() {
      func value() throws(Mistake) -> String {
        guard let value = words.popFirst() else {
          throw Mistake(text: "\(option) takes a value\n\(Self.usage)")
        }
        return value
      }
      switch option {
      case "--device": device = try value()
      case "--profile": profiles = try Self.profiles(value())
      case "--mode": namedModes.append(try Self.mode(value()))
      case "--name": text = try value()
      case "--case": exactName = try value()
      case "--largest": largest = try Self.number(value(), option)
      case "--run-only": runsOnly = true
      case "--list": lists = true
      case "--verbose": verbose = true
      case "--apart": isApart = true
      case "--large": isLarge = true
      case "--patience": patience = try Self.number(value(), option)
      case "--known": known = try value()
      case "--tell-devices": tellsDevices = true
      case "--part": isPart = true
      case "--after": start = try value()
      case "--help": showsHelp = true
      default: throw Mistake(text: "unknown option \(option)\n\(Self.usage)")
      }
    }
    if !namedModes.isEmpty { modes = Mode.allCases.filter(namedModes.contains) }
    if known != nil && !isApart { throw Mistake(text: "--known is for --apart") }
    if isLarge && (runsOnly || lists || known != nil) {
      throw Mistake(text: "--large goes with --device, --profile, --name and --apart only")
    }
  }

  private static func profiles(_ name: String) throws(Mistake) -> [String] {
    switch name {
    case "all": ["gpu", "cpu"]
    case "cpu", "gpu": [name]
    default: throw Mistake(text: "no kernel profile '\(name)'; there are all, cpu, gpu")
    }
  }

  private static func mode(_ name: String) throws(Mistake) -> Mode {
    guard let mode = Mode(rawValue: name) else {
      let modes = Mode.allCases.map(\.rawValue).joined(separator: ", ")
      throw Mistake(text: "no mode '\(name)'; there are \(modes)")
    }
    return mode
  }

  private static func number(_ text: String, _ option: String) throws(Mistake) -> Int {
    guard let number = Int(text), number > 0 else {
      throw Mistake(text: "\(option) takes a number of at least 1, not '\(text)'")
    }
    return number
  }

  /// Whether a case is asked for.
  func selects(_ opCase: OpCase) -> Bool {
    (text.isEmpty || opCase.name.contains(text)) && (exactName.isEmpty || opCase.name == exactName)
      && opCase.inputCount <= largest
  }

  /// The command line of a process that runs one part of what this one was asked for.
  func words(device: String, profile: String, after start: String?) -> [String] {
    var words = ["--part", "--device", device, "--profile", profile.isEmpty ? "gpu" : profile]
    for mode in modes { words += ["--mode", mode.rawValue] }
    if !text.isEmpty { words += ["--name", text] }
    if !exactName.isEmpty { words += ["--case", exactName] }
    if largest != .max { words += ["--largest", "\(largest)"] }
    if runsOnly { words.append("--run-only") }
    if isLarge { words.append("--large") }
    if let start { words += ["--after", start] }
    return words
  }
}
