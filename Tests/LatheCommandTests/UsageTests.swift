import DataTestSupport
import Foundation
import LatheNN
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
        ["train", "lenet", "--image-size", "100000"],
      ])
    func usage(_ arguments: [String]) throws {
      let result = try Lathe.start(arguments, in: folder.path).wait()
      #expect(result.status == 2, "\(arguments): \(result.errors)")
      #expect(result.output.isEmpty)
      #expect(result.errors.contains("Error:"))
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
      expectFailure(try train("--device", "tpu"), "unknown device 'tpu'", "cpu")
      expectFailure(try train("--device", "opencl:99"), "opencl:99", "cpu")
      expectFailure(try train("--device", "opencl:x"), "opencl:x", "cpu")
      expectFailure(
        try train("--device", "auto", environment: ["LATHE_DEVICE": "nowhere"]), "unknown device 'nowhere'")
    }

    @Test("Data that is not there or damaged")
    func data() throws {
      let empty = try TemporaryFolder()
      expectFailure(
        try train("--data-dir", empty.path), "dataset-fashion-mnist", "--data-dir",
        "train-images-idx3-ubyte")
      expectFailure(try train("--data-dir", "/nonexistent"), "/nonexistent", "dataset-fashion-mnist")
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
      let settings = TrainingSettings(
        architecture: "lenet", data: "x", optimizer: "adam", learningRate: 1, batchSize: 1, seed: 0)
      try ModelFolder(folder.path).save(other, settings: settings)
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
