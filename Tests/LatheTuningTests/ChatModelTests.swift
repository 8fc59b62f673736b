import Foundation
import Lathe
import LatheAdapters
import LatheLanguage
import LatheNN
import LatheText
import LatheTraining
import LatheTuning
import Testing

/// Runs that fine-tune a language model on conversations.
@Suite("Chat models")
struct ChatModelTests {
  private static let base = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Fixtures/language/llama").path

  /// Questions whose answers follow from their last letter, or two answers of which that one is better.
  private static func split(preferences: Bool = false) throws -> ConversationSplit {
    let answers = ["a": "gh", "b": "mn", "c": "op"]
    let list = (0..<90).map { number -> Conversation in
      let letter = ["a", "b", "c"][number % 3]
      let question =
        "\(["x", "y", "z"][number / 3 % 3]) \(String(repeating: "k", count: number / 9 + 1)) \(letter)"
      let prompt = [Conversation.Message(role: "user", content: question)]
      return preferences
        ? Conversation(prompt, chosen: answers[letter] ?? "", rejected: "xy")
        : Conversation(prompt + [.init(role: "assistant", content: answers[letter] ?? "")])
    }
    return try ConversationSplit(Conversations(list))
  }

  private static func plan(_ method: TuningMethod, epochs: Int = 8) -> ChatModelPlan {
    var plan = ChatModelPlan(base: base)
    plan.tuning = TuningSettings(method)
    plan.tuning.targets = method == .full ? nil : ["q_proj", "v_proj", "up_proj", "down_proj", "o_proj"]
    (plan.tuning.rank, plan.tuning.dropout) = (8, 0)
    (plan.epochs, plan.batchSize, plan.learningRate, plan.length) = (epochs, 8, 1e-2, 64)
    return plan
  }

  @Test(
    "Answers are learned, the run's model answers, and what is merged answers the same",
    arguments: [
      TuningMethod.full, .lora, .dora,
    ])
  func learns(_ method: TuningMethod) throws {
    let folder = try TaggingFolder()
    let run = "\(folder.path)/run"
    let training = try ChatModelTraining(
      Self.plan(method), base: Self.base, Self.split(), folder: run, device: .cpu)
    try training.writeDescription()
    #expect(try training.trainer.run() == .finished)
    let report = try training.finish()
    #expect(report.loss < 0.2 && report.startLoss > 2 && report.accuracy > 0.9, "\(report.text)")
    #expect(report.samples.count == 8)
    #expect(report.samples.allSatisfy { $0.answer == $0.reference }, "\(report.samples)")

    let generator = try TunedChatModel.generator(run: run, base: Self.base, device: .cpu)
    let chat = try ChatSession(generator)
    let stream = try chat.reply(to: "z kk b")
    var text = ""
    while let piece = try stream.next() { text += piece.text }
    #expect(text == "mn")

    let merged = "\(folder.path)/merged"
    try TunedChatModel.merge(run: run, base: Self.base, to: merged)
    let plain = try TextGenerator(path: merged, device: .cpu)
    #expect(plain.endTokens == generator.endTokens)
    let tokens = Tensor([1, 98, 76, 0, 2] as [Int32], shape: [1, 5], device: .cpu)
    let found = try plain.model.logits(tokens).scalars(as: Float.self)
    let expected = try generator.model.logits(tokens).scalars(as: Float.self)
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-4 * max(1, abs($1)) })
    #expect(FileManager.default.fileExists(atPath: "\(run)/adapter/adapter_config.json") == (method != .full))
  }

  @Test("Which answer is better is learned")
  func prefers() throws {
    let folder = try TaggingFolder()
    var plan = Self.plan(.lora, epochs: 4)
    plan.learningRate = 3e-3
    let training = try ChatModelTraining(
      plan, base: Self.base, Self.split(preferences: true), folder: folder.path, device: .cpu)
    try training.writeDescription()
    #expect(training.answerCount == training.split.training.count)
    _ = try training.trainer.run()
    let report = try training.finish(samples: 0)
    #expect(abs(report.startLoss - log(2)) < 1e-5)
    #expect(report.loss < 0.5 && report.accuracy == 1, "\(report.text)")
  }

  @Test("A run that was stopped goes on with the same bits")
  func resumes() throws {
    let folder = try TaggingFolder()
    func run(_ name: String, stopping: Bool) throws -> [UInt8] {
      let path = "\(folder.path)/\(name)"
      func training() throws -> ChatModelTraining {
        try ChatModelTraining(
          Self.plan(.lora, epochs: 2), base: Self.base, Self.split(), folder: path, device: .cpu)
      }
      let first = try training()
      if stopping {
        first.trainer.shouldStop = { first.trainer.step >= 5 }
        #expect(try first.trainer.run() == .stopped)
        let second = try training()
        #expect(try second.trainer.resume())
        #expect(try second.trainer.run() == .finished)
        _ = try second.finish(samples: 0)
      } else {
        #expect(try first.trainer.run() == .finished)
        _ = try first.finish(samples: 0)
      }
      return [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(path)/adapter/adapter_model.safetensors")))
    }
    #expect(try run("whole", stopping: false) == run("stopped", stopping: true))
  }

  @Test("What cannot be is refused with words")
  func refused() throws {
    let folder = try TaggingFolder()
    func message(_ change: (inout ChatModelPlan) -> Void, base: String = Self.base) -> String {
      var plan = Self.plan(.lora)
      change(&plan)
      do {
        _ = try ChatModelTraining(plan, base: base, Self.split(), folder: folder.path, device: .cpu)
        return ""
      } catch { return "\(error)" }
    }
    #expect(message { $0.tuning.method = .frozen }.contains("full, lora or dora, not by frozen"))
    #expect(message { $0.beta = 0 }.contains("beta is 0"))
    #expect(message { $0.length = 4 }.contains("no answer begins within the length"))
    #expect(message { $0.tuning.targets = ["nothing"] }.contains("no layer of"))
    let plain = "\(folder.path)/plain"
    try FileManager.default.createDirectory(atPath: plain, withIntermediateDirectories: true)
    for name in ["config.json", "model.safetensors", "tokenizer.json"] {
      try FileManager.default.copyItem(atPath: "\(Self.base)/\(name)", toPath: "\(plain)/\(name)")
    }
    #expect(message({ _ in }, base: plain).contains("no chat template"))
    #expect(throws: LatheError.self) {
      try TunedChatModel.generator(run: folder.path, base: Self.base, device: .cpu)
    }
  }
}
