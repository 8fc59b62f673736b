import DataTestSupport
import Foundation
import LatheML
import Testing

@Suite("Locks and temporary files")
struct FolderLockTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Holds a folder in another process until its input ends.
  private func holder() throws -> (process: Process, input: Pipe) {
    let process = Process()
    let (input, output) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
    process.arguments = [folder.path, "sh", "-c", "echo held; cat"]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    #expect(output.fileHandleForReading.availableData == Data("held\n".utf8))
    return (process, input)
  }

  @Test("A folder that another process has is refused, and free again when that process is dead")
  func otherProcess() throws {
    let (process, input) = try holder()
    #expect { try FolderLock.of(folder.path) } throws: { says($0, folder.path, "another process") }
    try input.fileHandleForWriting.close()
    process.waitUntilExit()
    let lock = try FolderLock.of(folder.path)
    #expect(try FolderLock.of(folder.path + "/.") === lock)
    #expect(folder.names.isEmpty)
  }

  @Test("Two runs of one process are not in a folder at once")
  func oneProcess() throws {
    func trainer() throws -> Trainer {
      let model = Sequential {
        Flatten(); Linear(784, 10, device: .cpu)
      }
      return try Trainer(
        model: model, optimizer: SGD(model.parameters, learningRate: 0.1), generator: Generator(seed: 1),
        training: IDXFiles.dataset(count: 20, seed: 1), test: IDXFiles.dataset(count: 20, seed: 2),
        configuration: TrainerConfiguration(
          architecture: "a", data: "b", epochs: 1, batchSize: 10, seed: 1),
        folder: folder.path, device: .cpu)
    }
    let outer = try trainer()
    var refusal: (any Error)?
    outer.onEpoch = { _ in
      do { _ = try trainer().run() } catch { refusal = error }
    }
    #expect(try outer.run() == .finished)
    #expect(says(refusal, "another run of this program"))
  }

  @Test("What a link points to is not written, and files of killed runs go")
  func temporaryFiles() throws {
    try folder.write([1], "victim")
    // The name that earlier versions took, which anybody could foresee.
    let foreseen = folder.file("model.safetensors.tmp-\(getpid())")
    try FileManager.default.createSymbolicLink(atPath: foreseen, withDestinationPath: folder.file("victim"))
    try AtomicFile.write("new", to: folder.file("model.safetensors"))
    #expect(try folder.read("victim") == [1])
    try folder.write([2], ".lathe-probe.tmp-12")
    try folder.write([2], "notes.tmp-12")
    let model = Sequential {
      Flatten(); Linear(784, 10, device: .cpu)
    }
    let trainer = try Trainer(
      model: model, optimizer: SGD(model.parameters, learningRate: 0.1), generator: Generator(seed: 1),
      training: IDXFiles.dataset(count: 20, seed: 1), test: IDXFiles.dataset(count: 20, seed: 2),
      configuration: TrainerConfiguration(
        architecture: "a", data: "b", epochs: 0, batchSize: 10, seed: 1),
      folder: folder.path, device: .cpu)
    #expect(try trainer.run() == .finished)
    #expect(folder.names == ["model.safetensors", "notes.tmp-12", "victim"])
  }
}
