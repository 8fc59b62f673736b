import DataTestSupport
import Foundation
import Testing

extension CommandTests {
  @Suite("Configuration files and models")
  struct ConfigurationTests {
    let folder: TemporaryFolder

    init() throws {
      folder = try TemporaryFolder()
      try IDXFiles.write(to: folder, training: 96, test: 40)
    }

    private func train(_ config: String, _ more: [String] = []) throws -> Lathe {
      try folder.write(Array(config.utf8), "run.json")
      return try Lathe.start(
        ["train", "--config", "run.json", "--device", "cpu"] + more, in: folder.path
      ).wait()
    }

    @Test("A file says everything, and a flag goes before it")
    func file() throws {
      let result = try train(
        """
        {"model": "mlp", "data_dir": "\(folder.path)", "epochs": 9, "batch_size": 32, "optimizer": "adamw",
         "learning_rate": 0.002, "schedule": "cosine", "warmup_steps": 2, "weight_decay": 0.1, "clip_norm": 1.0,
         "label_smoothing": 0.1, "average": 0.9, "accumulate": 2, "output": "out", "keep": 1}
        """, ["--epochs", "2"])
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.lines.count == 2)
      let names = folder.namesIn("out")
      #expect(names.filter { $0.hasPrefix("checkpoint") }.count == 2)
      for name in ["config.json", "metrics.jsonl", "model.safetensors", "best.safetensors"] {
        #expect(names.contains(name))
      }
      #expect(names.contains { $0.hasPrefix("events.out.tfevents.") })
      let again = try train(
        "{\"model\": \"mlp\", \"data_dir\": \"\(folder.path)\", \"batch_size\": 32, \"output\": \"out\"}",
        ["--resume", "--optimizer", "adamw", "--learning-rate", "0.002"])
      #expect(again.status == 1)
      #expect(
        again.errors.contains("schedule warmupCosine(warmup: 2, steps: 4, minimum: 0.0), now constant"),
        "\(again)")
    }

    @Test(
      "What is wrong is named, with the nearest known word",
      arguments: [
        ("{\"model\": \"mlp\", \"epoch\": 3}", "unknown key 'epoch'; did you mean 'epochs'?"),
        ("{\"model\": \"resnet19\"}", "unknown model 'resnet19'; did you mean 'resnet18'?"),
        ("{\"model\": \"mlp\", \"epochs\": \"many\"}", "key 'epochs': expected a whole number"),
        ("{\"model\": \"mlp\", \"epochs\": 0}", "--epochs is 0"), ("[1]", "one JSON object"),
        ("{", "not JSON: Unexpected end"), ("{\"model\": \"mlp\"\n\"epochs\": 2}", "on line 2"),
        ("{\"model\": \"mlp\", \"epochs\": 1.5}", "key 'epochs': 1.5 is no whole number"),
        ("{\"model\": \"mlp\", \"epochs\": 1e30}", "key 'epochs': 1e+30 is too large"),
        ("{\"model\": \"mlp\", \"learning_rate\": 1e39}", "key 'learning_rate': 1e+39 is too large"),
        ("{\"model\": \"mlp\", \"seed\": -1}", "key 'seed': -1 is below 0"),
        ("{\"epochs\": 2, \"model\": \"mlp\", \"epochs\": 3}", "key 'epochs' comes twice"),
        ("{\"epochs\": 2, \"model\": \"mlp\", \"\\u0065pochs\": 3}", "key 'epochs' comes twice"),
        (String(repeating: "[", count: 600), "inside each other"),
        ("{\"model\": \"a\\u001b[2J\\nb\"}", "unknown model 'a\\u{1B}[2J\\nb'"),
        ("{\"model\": \"mlp\", \"target_accuracy\": 1.5}", "--target-accuracy is 1.5"),
        ("{\"model\": \"mlp\", \"augment\": \"flip,\"}", "names nothing at a comma"),
        ("{\"model\": \"mlp\", \"data_dir\": \"a\", \"data_file\": \"b\"}", "give one of them"),
        ("{\"model\": \"mlp\", \"dry_run\": true, \"resume\": true}", "--dry-run writes nothing"),
        ("{\"model\": \"mlp\", \"partial\": 1}", "key 'partial': expected true or false"),
        ("{\"model\": \"mlp\", \"optimizer\": \"adem\"}", "unknown optimizer 'adem'; did you mean 'adam'?"),
        ("{\"model\": \"mlp\", \"config\": \"other.json\"}", "unknown key 'config'"),
        ("{\"epochs\": 3}", "no key 'model'"), ("{\"model\": \"gpt\"}", "--data-file"), ("", "not JSON"),
      ])
    func wrong(_ config: String, _ part: String) throws {
      let result = try train(config)
      #expect(result.status == 1)
      #expect(result.errors.contains("lathe: error: ") && result.errors.contains(part), "\(result.errors)")
    }

    @Test(
      "Every flag is a key: device, JSON, resuming and the others; the data of a flag replaces the file's")
    func flags() throws {
      let text = """
        {"model": "mlp", "data_file": "nowhere.csv", "device": "cpu", "json": true, "epochs": 1, "output": "out",
         "check_numbers": true, "synchronize_phases": true, "trace": "trace.json"}
        """
      try folder.write(Array(text.utf8), "run.json")
      let first = try Lathe.run("train", "--config", "run.json", "--data-dir", folder.path, in: folder.path)
      #expect(first.status == 0 && first.output.hasPrefix("{\"epoch\":1,"), "\(first)")
      #expect(folder.names.contains("trace.json") && first.errors.contains("training mlp on cpu"))
      try folder.write(
        Array("{\"model\": \"mlp\", \"data_dir\": \".\", \"device\": \"cpu\", \"resume\": true}".utf8),
        "run.json")
      let second = try Lathe.run(
        "train", "--config", "run.json", "--output", "out", "--epochs", "2", in: folder.path)
      #expect(second.status == 0 && second.errors.contains("resuming from out/"), "\(second)")
      for key in ["dry_run", "find_learning_rate"] {
        let result = try train(
          "{\"model\": \"mlp\", \"data_dir\": \".\", \"batch_size\": 8, \"\(key)\": true}")
        #expect(
          result.status == 0 && result.output.contains(key == "dry_run" ? "one step" : "learning rate"),
          "\(result)")
      }
      let device = try Lathe.run("train", "--config", "device.json", in: folder.path)
      #expect(device.status == 1)
      let known = try Lathe.run("train", "--help", in: folder.path).output
      let flags = Set(known.matches(of: /--([a-z][a-z-]+)/).map { String($0.1) }).subtracting([
        "help", "config", "version",
      ])
      for flag in flags.sorted() {
        let result = try train("{\"model\": \"mlp\", \"\(flag.replacing("-", with: "_"))\": []}")
        #expect(result.errors.contains("expected"), "\(flag): \(result.errors)")
      }
    }

    @Test("Steps instead of epochs, with a schedule that ends with them")
    func steps() throws {
      let result = try train(
        "{\"model\": \"mlp\", \"data_dir\": \"\(folder.path)\", \"batch_size\": 32, \"output\": \"out\"}",
        ["--steps", "5", "--schedule", "linear"])
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.lines.count == 2 && result.lines.last?.hasPrefix("epoch 2/2") == true, "\(result)")
      #expect(result.errors.contains("at most 5 steps"))
      let records = String(decoding: try folder.read("out/metrics.jsonl"), as: UTF8.self)
      #expect(records.contains("\"step\":5") && !records.contains("\"step\":6"))
    }

    @Test("The recipes of the measured accuracies can be run")
    func recipes() throws {
      let recipes = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../benchmarks/recipes")
      let names = try FileManager.default.contentsOfDirectory(atPath: recipes.path)
        .filter { $0.hasSuffix(".json") }
      #expect(names.sorted() == ["lenet.json", "resnet18.json"])
      for name in names {
        let result = try Lathe.run(
          "train", "--config", recipes.appendingPathComponent(name).path, "--dry-run",
          "--data-dir", folder.path, "--device", "cpu", "--batch-size", "4", in: folder.path)
        #expect(result.status == 0 && result.output.contains("one step of 4 examples"), "\(result.errors)")
      }
    }

    @Test("A file that is not there")
    func missing() throws {
      let result = try Lathe.run("train", "--config", "nowhere.json", in: folder.path)
      #expect(result.status == 1 && result.errors.contains("nowhere.json"))
    }

    @Test("A dry run prints the network and writes nothing")
    func dryRun() throws {
      let result = try Lathe.run(
        "train", "resnet18", "--dry-run", "--data-dir", folder.path, "--device", "cpu", "--batch-size", "4",
        in: folder.path)
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.output.contains("Total params: 11172810"))
      #expect(result.output.contains("an epoch has 24 steps"))
      #expect(!folder.names.contains("runs"))
    }

    @Test(
      "Every network trains by its name", arguments: ["autoencoder", "vae", "mobilenet-small", "char-lstm"])
    func names(_ name: String) throws {
      let text = String(repeating: "the quick brown fox jumps over the lazy dog. ", count: 60)
      try folder.write(Array(text.utf8), "text")
      let result = try Lathe.run(
        "train", name, name == "char-lstm" ? "--data-file" : "--data-dir", name == "char-lstm" ? "text" : ".",
        "--length", "16", "--device", "cpu", "--epochs", "1", "--batch-size", "32", "--output", "out",
        in: folder.path)
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.lines.count == 1)
    }

    @Test(
      "Every other network is made for its data and takes a step", arguments: ["alexnet", "resnet34", "gpt"])
    func others(_ name: String) throws {
      try folder.write(Array(String(repeating: "a text of few characters. ", count: 40).utf8), "text")
      let result = try Lathe.run(
        "train", name, "--dry-run", name == "gpt" ? "--data-file" : "--data-dir",
        name == "gpt" ? "text" : ".",
        "--length", "16", "--device", "cpu", "--batch-size", "2", in: folder.path)
      // An example of a text is a character.
      let examples = name == "gpt" ? 32 : 2
      #expect(
        result.status == 0 && result.output.contains("one step of \(examples) examples"), "\(result.errors)")
    }

    @Test("The networks are listed, and a stored one is tested by its own name")
    func models() throws {
      // A store of its own: that of the machine may hold pre-trained models.
      let list = try Lathe.run("models", in: folder.path, environment: ["LATHE_HOME": folder.path])
      #expect(list.status == 0 && list.lines.count { !$0.hasPrefix("of tables") } == 12)
      #expect(list.lines.contains { $0.hasPrefix("resnet34") })
      #expect(
        try Lathe.run(
          "train", "mlp", "--data-dir", folder.path, "--device", "cpu", "--epochs", "1", "--output", "out",
          in: folder.path
        ).status == 0)
      let evaluation = try Lathe.run(
        "evaluate", "--model", "out", "--data-dir", folder.path, "--device", "cpu", in: folder.path)
      #expect(evaluation.status == 0 && evaluation.output.contains("accuracy"))
    }
  }
}
