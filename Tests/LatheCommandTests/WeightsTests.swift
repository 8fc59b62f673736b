import DataTestSupport
import Foundation
import LatheML
import Testing

extension CommandTests {
  @Suite("Training from given weights")
  struct WeightsTests {
    let folder: TemporaryFolder

    init() throws {
      folder = try TemporaryFolder()
      try IDXFiles.write(to: folder, training: 96, test: 40)
    }

    private func train(_ more: String...) throws -> Lathe {
      try Lathe.start(
        ["train", "mlp", "--data-dir", folder.path, "--device", "cpu", "--batch-size", "32", "--epochs", "1"]
          + more,
        in: folder.path
      ).wait()
    }

    private func mlp(_ output: Int) -> Sequential {
      Sequential {
        Flatten()
        Linear(784, 256, device: .cpu)
        ReLU()
        Linear(256, 256, device: .cpu)
        ReLU()
        Linear(256, output, device: .cpu)
      }
    }

    @Test("A stored model is gone on from, by its file and by its folder")
    func stored() throws {
      #expect(try train("--output", "first", "--learning-rate", "0.01").status == 0)
      for name in ["first/model.safetensors", "first"] {
        let result = try train("--weights", name, "--output", "of-\(name.count)", "--learning-rate", "1e-9")
        #expect(result.status == 0, "\(result.errors)")
        let before = try Safetensors(path: folder.file("first/model.safetensors"))
        let after = try Safetensors(path: folder.file("of-\(name.count)/model.safetensors"))
        let values = try [before, after].map { try #require($0.tensor("5.bias")).scalars(as: Float.self) }
        #expect(zip(values[0], values[1]).allSatisfy { abs($0 - $1) < 1e-6 })
      }
    }

    @Test("Files of 16-bit weights are gone on from by their index")
    func shards() throws {
      let model = mlp(10)
      let index = try model.save(to: folder.file("half.safetensors"), shardBytes: 200_000, as: .bfloat16)
      let name = URL(fileURLWithPath: index).lastPathComponent
      let result = try train("--weights", name, "--output", "of-shards", "--learning-rate", "1e-9")
      #expect(result.status == 0, "\(result.errors)")
      let after = try Safetensors(path: folder.file("of-shards/model.safetensors"))
      let found = try #require(after.tensor("5.bias"))
      let rounded = try #require(model.state.first { $0.name == "5.bias" }).tensor.cast(to: .bfloat16).cast(
        to: .float32)
      let difference = try (found - rounded).abs().max().item()
      #expect(found.dtype == .float32 && difference < 1e-6)
    }

    @Test("Part of a model of other classes: what is left is listed, what was taken is frozen and stays")
    func transfer() throws {
      let other = mlp(7)
      try other.save(to: folder.file("seven.npz"))
      let refused = try train("--weights", "seven.npz")
      #expect(
        refused.status == 1
          && refused.errors.contains("5.weight is float32 [7, 256], expected float32 [10, 256]"))
      let result = try train("--weights", "seven.npz", "--partial", "--freeze", "loaded", "--output", "out")
      #expect(result.status == 0, "\(result.errors)")
      #expect(
        result.errors.contains("4 of 6 weights loaded") && result.errors.contains("does not fit: 5.bias"))
      #expect(result.errors.contains("2570 of 269322 parameters are trained"))
      let trained = try Safetensors(path: folder.file("out/model.safetensors"))
      for (name, tensor) in other.state where !name.hasPrefix("5") {
        // Compared outside of the expectation, which may take a minute for a megabyte.
        let isSame = try trained.tensor(name)?.bytes() == tensor.bytes()
        #expect(isSame, "\(name)")
      }
      let resumed = try train("--output", "out", "--resume")
      #expect(resumed.status == 1 && resumed.errors.contains("freeze loaded, now none"))
    }

    @Test(
      "What cannot be is said",
      arguments: [
        (["--partial"], 2, "--partial says how to take weights"),
        (["--weights-prefix", "x."], 2, "--weights-prefix says how"),
        (["--weights", "nowhere.npz"], 1, "nowhere.npz"), (["--freeze", "loaded"], 1, "nothing was loaded"),
        (["--freeze", "1,5.weigth"], 1, "did you mean '5.weight'"),
        (["--freeze", "*"], 1, "leaves nothing to train"),
        (["--weights", "train-labels-idx1-ubyte.gz"], 1, "not a safetensors file"),
      ])
    func wrong(_ flags: [String], _ status: Int32, _ text: String) throws {
      let result = try Lathe.start(
        ["train", "mlp", "--data-dir", folder.path, "--device", "cpu"] + flags, in: folder.path
      ).wait()
      #expect(result.status == status && result.errors.contains(text), "\(result.errors)")
      #expect(!folder.names.contains("runs") || folder.namesIn("runs/mlp-1").isEmpty)
    }
  }
}
