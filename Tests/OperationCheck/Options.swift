import Lathe
import TestSupport

/// What the command line asks for.
struct Options {
  static let usage = """
    usage: OperationCheck [--device auto|all|cpu|opencl|opencl:N] [--profile all|cpu|gpu]
                          [--mode value|gradient|secondOrder|view] [--name TEXT] [--case NAME]
                          [--largest ELEMENTS] [--run-only] [--list] [--verbose]

    Runs the cases whose name contains TEXT (or is NAME) and whose inputs have at most ELEMENTS elements; exits with 1
    where one fails or runs on the CPU instead of the OpenCL device, with 2 where there is nothing to run on. `auto` is
    every OpenCL GPU, or where there is none every OpenCL device. With --run-only results are compared with nothing: for
    drivers that only write down what they are asked to do.
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

  init(_ words: some Sequence<String>) throws(Mistake) {
    var words = Array(words)[...]
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
      case "--mode": modes = [try Self.mode(value())]
      case "--name": text = try value()
      case "--case": exactName = try value()
      case "--largest": largest = try Self.number(value(), option)
      case "--run-only": runsOnly = true
      case "--list": lists = true
      case "--verbose": verbose = true
      default: throw Mistake(text: "unknown option \(option)\n\(Self.usage)")
      }
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
}
