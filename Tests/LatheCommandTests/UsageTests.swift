import DataTestSupport
import Foundation
import LatheML
import Testing

/// The suite that holds all others: they start processes that want the cores for themselves.
@Suite("lathe", .serialized)
struct CommandTests {}

extension CommandTests {
  @Suite("Wrong usage and bad input")
  struct UsageTests {
    let folder: TemporaryFolder

    init() throws {
      folder = try TemporaryFolder()
      try IDXFiles.write(to: folder, training: 128, test: 40)
    }

    private func train(_ arguments: String..., environment: [String: String] = [:]) throws -> Lathe {
      try Lathe.start(
        ["train", "lenet", "--data-dir", folder.path, "--device", "cpu"] + arguments, in: folder.path,
        environment: environment
      ).wait()
    }

    @Test(
      "Usage errors end with 2 and say what is wrong",
      arguments: [
        ["train", "lenet", "--epochs", "0"], ["train", "lenet", "--epochs", "-3"],
        ["train", "lenet", "--epochs", "many"], ["train", "lenet", "--learning-rate=-0.1"],
        ["train", "lenet", "--learning-rate", "-0.1"],
        ["train", "lenet", "--learning-rate", "nan"], ["train", "lenet", "--learning-rate", "inf"],
        ["train", "lenet", "--learning-rate", "0"], ["train", "lenet", "--batch-size", "0"],
        ["train", "lenet", "--optimizer", "adagradd"], ["train", "lenet", "--data", "cifar"],
        ["train", "resnet"], ["train"], ["train", "lenet", "--keep", "0"],
        ["train", "lenet", "--label-smoothing", "1"], ["train", "lenet", "--dry-run", "--resume"],
        ["train", "lenet", "--nonsense"], ["train", "lenet", "--output", ""],
        ["evaluate"], ["nonsense"], ["devices", "--nonsense"], ["train", "lenet", "--seed", "-1"],
        ["train", "lenet", "--steps", "0"], ["train", "lenet", "--epochs", "9223372036854775807"],
        ["train", "lenet", "--accumulate", "9223372036854775807"],
        ["train", "lenet", "--image-size", "100000"], ["help", "foo"], ["help", "trai"],
        ["train", "lenet", "--target-accuracy", "nan"], ["train", "lenet", "--target-accuracy", "inf"],
        ["train", "lenet", "--target-accuracy", "-1"], ["train", "lenet", "--target-accuracy", "1.5"],
        ["train", "lenet", "--target-accuracy", "0"], ["train", "lenet", "--target", "inf"],
        ["train", "lenet", "--monitor", "accuracy", "--target", "1.5"],
        ["train", "lenet", "--monitor", "f1-macro", "--target", "-1"],
        ["train", "lenet", "--missing", "inf"], ["train", "lenet", "--weight-decay", "inf"],
        ["train", "lenet", "--clip-norm", "nan"], ["train", "lenet", "--average", "nan"],
        ["train", "lenet", "--label-smoothing", "nan"], ["train", "lenet", "--test-share", "1"],
        ["train", "lenet", "--augment", ""], ["train", "lenet", "--augment", "flip,,crop"],
        ["train", "lenet", "--freeze", ""], ["train", "lenet", "--weights", ""],
        ["train", "lenet", "--data-dir", ""],
        ["train", "lenet", "--data-file", ""], ["train", "lenet", "--features", "a,"],
        ["train", "lenet", "--data-file", "x", "--data-dir", "y"], ["train", "lenet", "--device", "foo"],
        ["train", "lenet", "--device", ""], ["train", "lenet", "--device", "opencl:99"],
        ["evaluate", "--model", "x", "--device", "foo"], ["evaluate", "--model", "x", "--metrics", "f2"],
        ["evaluate", "--model", "x", "--data-dir", "y", "--data-file", "z"], ["evaluate", "--model", ""],
        ["predict", "--model", "x"], ["predict", "--model", "x", "--text", "a", "--data-dir", "b"],
        ["predict", "--model", "x", "--text", "a", "--top", "0"],
        ["predict", "--model", "x", "--text", "a", "--format", "xml"],
        ["predict", "--model", "x", "--text", "a", "--json", "--format", "csv"],
      ])
    func usage(_ arguments: [String]) throws {
      let result = try Lathe.start(arguments, in: folder.path).wait()
      #expect(result.status == 2, "\(arguments): \(result.errors)")
      #expect(result.output.isEmpty)
      #expect(result.errors.contains("Error:"))
      #expect(!result.errors.contains("Error: \n"))
    }

    @Test("What arguments hold is quoted on one line")
    func quoting() throws {
      for arguments in [["train", "le\nnet\u{1B}[2J"], ["train", "lenet", "--optimizer=a\nb"], ["a\nb"]] {
        let result = try Lathe.start(arguments, in: folder.path).wait()
        #expect(result.status == 2 && result.errors.contains("\\n"), "\(result)")
        let allowed = result.errors.split(separator: "\n").filter { $0.hasPrefix("b") || $0.hasPrefix("net") }
        #expect(allowed.isEmpty && !result.errors.contains("\u{1B}"), "\(result)")
      }
      let path = try Lathe.run("train", "lenet", "--data-dir", "a\nb\u{7}", in: folder.path)
      #expect(path.status == 1 && path.errors.split(separator: "\n").count == 1, "\(path)")
      #expect(path.errors.contains("a\\nb\\u{7}: no such folder"))
    }

    @Test("The version is one line")
    func version() throws {
      let result = try Lathe.run("--version", in: folder.path)
      #expect(
        result.status == 0 && result.lines.count == 1 && result.output.hasPrefix("lathe 0."), "\(result)")
    }

    @Test(
      "Help goes to standard output", arguments: [["--help"], ["train", "--help"], ["help", "evaluate"]])
    func help(_ arguments: [String]) throws {
      let result = try Lathe.start(arguments, in: folder.path).wait()
      #expect(result.status == 0)
      #expect(result.output.contains("USAGE"))
    }

    /// One line on standard error, exit code 1.
    private func expectFailure(
      _ result: Lathe, _ parts: String..., location: SourceLocation = #_sourceLocation
    ) {
      #expect(result.status == 1, "\(result.errors)", sourceLocation: location)
      #expect(result.output.isEmpty, sourceLocation: location)
      let line = result.errors.split(separator: "\n").last.map(String.init) ?? ""
      #expect(line.hasPrefix("lathe: error: "), "\(result.errors)", sourceLocation: location)
      for part in parts { #expect(line.contains(part), "\(line)", sourceLocation: location) }
    }

    @Test("Devices that are not there")
    func devices() throws {
      for (name, part) in [
        ("tpu", "unknown device 'tpu'"), ("opencl:99", "opencl:99"), ("opencl:x", "opencl:x"),
      ] {
        let result = try Lathe.run("train", "lenet", "--device", name, in: folder.path)
        #expect(
          result.status == 2 && result.errors.contains(part) && result.errors.contains("cpu"), "\(result)")
      }
      let named = try Lathe.run("train", "lenet", in: folder.path, environment: ["LATHE_DEVICE": "nowhere"])
      expectFailure(named, "unknown device 'nowhere'")
      expectFailure(
        try train("--device", "auto", environment: ["LATHE_DEVICE": "nowhere"]), "unknown device 'nowhere'")
    }

    @Test("Data that is not there or damaged")
    func data() throws {
      let empty = try TemporaryFolder()
      expectFailure(
        try train("--data-dir", empty.path), empty.path, "train-images-idx3-ubyte",
        "name a folder of IDX files")
      expectFailure(try train("--data-dir", "/nonexistent"), "/nonexistent", "name a folder of IDX files")
      let labels = try folder.read("train-labels-idx1-ubyte.gz")
      try folder.write(Array(labels.dropLast(9)), "train-labels-idx1-ubyte.gz")
      expectFailure(try train(), "train-labels-idx1-ubyte.gz", "fetch the file again")
      try folder.write(
        IDXFiles.encode([128], [UInt8](repeating: 11, count: 128)), "train-labels-idx1-ubyte.gz")
      expectFailure(try train(), "offset 8", "label 11")
      try folder.write(IDXFiles.encode([2], [1, 2]), "train-labels-idx1-ubyte.gz")
      expectFailure(try train(), "128 images", "2 labels")
      try folder.write(labels, "train-labels-idx1-ubyte.gz")
      try folder.write(IDXFiles.encode([40, 28, 28], [], magic: 7), "t10k-images-idx3-ubyte")
      expectFailure(try train(), "t10k-images-idx3-ubyte", "magic number 0x00000007")
      try folder.write(
        IDXFiles.encode([40, 8, 8], [UInt8](repeating: 0, count: 40 * 64)), "t10k-images-idx3-ubyte")
      expectFailure(try train(), "8 x 8", "28 x 28")
    }

    @Test("A batch larger than the data set")
    func largeBatch() throws {
      expectFailure(try train("--batch-size", "129"), "129", "128 images")
      expectFailure(try train("--batch-size", "129", "--output", "new"), "129", "128 images")
      expectFailure(try train("--weights", "nowhere.npz"), "nowhere.npz")
      // A run that cannot begin leaves no folder.
      #expect(!folder.names.contains("runs") && !folder.names.contains("new"), "\(folder.names)")
    }

    @Test(
      "An output folder that cannot be written", arguments: ["/proc/lathe", "train-labels-idx1-ubyte.gz/x"])
    func unwritable(_ output: String) throws {
      expectFailure(try train("--output", output), output, "cannot")
    }

    @Test("A model that is not there, or is something else")
    func models() throws {
      func evaluate(_ model: String) throws -> Lathe {
        try Lathe.run(
          "evaluate", "--model", model, "--data-dir", folder.path, "--device", "cpu", in: folder.path)
      }
      expectFailure(try evaluate("nowhere"), "nowhere: no such folder", "lathe train")
      expectFailure(try evaluate("."), "neither model.safetensors nor a checkpoint")
      let other = Sequential { Linear(2, 2, device: .cpu) }
      let configuration = TrainerConfiguration(
        architecture: "lenet", data: "x", epochs: 1, batchSize: 1, seed: 0)
      try ModelFolder(folder.path).save(other, configuration: configuration)
      expectFailure(try evaluate("."), "data.json: not there")
      let size =
        "{\"channels\": 1, \"height\": 28, \"width\": 28, \"classes\": 10, \"vocabulary\": 0, \"length\": 0}"
      try folder.write(
        Array("{\"kind\": \"fashion-mnist\", \"options\": {}, \"input\": \(size)}".utf8), "data.json")
      expectFailure(try evaluate("."), "model.safetensors", "another model")
      try folder.write(Array(try folder.read("model.safetensors").dropLast()), "model.safetensors")
      expectFailure(try evaluate("."), "model.safetensors: offset", "not a safetensors file")
    }

    @Test("Results that cannot be delivered")
    func fullOutput() throws {
      let shell = Process()
      shell.executableURL = URL(fileURLWithPath: "/bin/sh")
      shell.arguments = ["-c", "'\(Lathe.binary.path)' devices > /dev/full 2> errors"]
      shell.currentDirectoryURL = URL(fileURLWithPath: folder.path)
      try shell.run()
      shell.waitUntilExit()
      #expect(shell.terminationStatus == 1)
      let errors = String(decoding: try folder.read("errors"), as: UTF8.self)
      #expect(errors.contains("no space left on device"))
    }

    @Test("The devices, as a table and as JSON")
    func listing() throws {
      let table = try Lathe.run("devices", in: folder.path)
      #expect(table.status == 0)
      for word in ["index", "cpu", "compute units", "threads"] { #expect(table.output.contains(word)) }
      let json = try Lathe.run("devices", "--json", in: folder.path)
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      let infos = try decoder.decode([DeviceInfo].self, from: Data(json.output.utf8))
      #expect(infos.first?.index == "cpu")
      #expect(infos.map(\.index) == Device.infos.map(\.index))
    }
  }
}
