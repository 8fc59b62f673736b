import DataTestSupport
import Foundation
import LatheML
import Testing

/// The examples of docs/fine-tuning.md, run on a small model; a test compares the texts.
@Suite("Examples of docs/fine-tuning.md")
struct TuningGuideTests {
  @Test("Every example stands in this file as it does in the document")
  func examples() throws { try GuideExamples.check("docs/fine-tuning.md", count: 6) }

  @Test("A tagger and its stored run")
  func tagger() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Array(TinyBase.taggedLines(120).joined(separator: "\n").utf8), "ner.conll")
    let basePath = try TinyBase(in: folder.path).folder
    let runPath = folder.file("run")
    var plan = TokenClassifierPlan(base: "minilm")
    plan.usesChain = true
    let sentences = try TaggedSentences(path: path).withoutDuplicates().sentences
    let training = try TokenClassifierTraining(
      plan, base: basePath, TaggedSplit(sentences), folder: runPath)
    try training.writeDescription()
    _ = try training.trainer.run()
    let report = try training.finish()
    print(report.entities.score(.micro).f1, report.text)

    let tagger = try TokenTagger(run: runPath)
    for entity in try tagger.entities(in: ["a bright story"])[0] {
      print(entity.type, entity.text, entity.start, entity.score)
    }
    #expect(report.confusion.total > 0 && tagger.tags == ["O", "B-MARK", "I-MARK"])
  }

  @Test("Answers in texts")
  func answers() throws {
    let folder = try TemporaryFolder()
    let rows = (0..<40).map { number in
      "{\"question\": \"which film\", \"context\": \"a bright film of \(number)\", "
        + "\"answers\": {\"text\": [\"bright film\"], \"answer_start\": [2]}}"
    }
    let path = try folder.write(Array(rows.joined(separator: "\n").utf8), "questions.jsonl")
    let basePath = try TinyBase(in: folder.path).folder
    let runPath = folder.file("run")
    let split = try AskedSplit(AskedTexts(path: path))
    var plan = QuestionAnsweringPlan(base: "minilm")
    (plan.length, plan.stride) = (16, 4)
    let training = try QuestionAnsweringTraining(plan, base: basePath, split, folder: runPath)
    try training.writeDescription()
    _ = try training.trainer.run()
    print(try training.finish().text)

    let answerer = try TextAnswerer(run: runPath)
    for answer in try answerer.answers(to: "which film", in: "the story of a bright film", count: 3) {
      print(answer.text, answer.start, answer.probability)
    }
    #expect(FileManager.default.fileExists(atPath: "\(runPath)/test-report.txt"))
  }

  @Test("A classifier from a few labels")
  func fewLabels() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Array(TinyBase.lines(120).joined(separator: "\n").utf8), "texts.tsv")
    let basePath = try TinyBase(in: folder.path).folder
    let runPath = folder.file("run")
    let split = try SentenceSplit(SentenceExamples(path: path), shots: 8)
    var plan = SentenceEncoderPlan(base: "minilm")
    plan.pairsPerText = 5
    let training = try SentenceEncoderTraining(plan, base: basePath, split, folder: runPath)
    try training.writeDescription()
    _ = try training.trainer.run()
    print(try training.finish().text)

    let classifier = try SentenceClassifier(run: runPath)
    print(classifier.classes, try classifier.probabilities(["a bright story"]))
    #expect(classifier.classes == split.training.classes)
  }

  @Test("A chat model and its stored run")
  func chat() throws {
    let folder = try TemporaryFolder()
    let rows = (0..<30).map { "{\"prompt\": \"ab \($0)\", \"completion\": \"cd\"}" }
    let path = try folder.write(Array(rows.joined(separator: "\n").utf8), "conversations.jsonl")
    let basePath = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/language/llama").path
    let runPath = folder.file("run")
    let split = try ConversationSplit(Conversations(path: path))
    var plan = ChatModelPlan(base: "smollm2")
    (plan.epochs, plan.length) = (1, 64)
    let training = try ChatModelTraining(plan, base: basePath, split, folder: runPath)
    try training.writeDescription()
    _ = try training.trainer.run()
    print(try training.finish().text)

    let generator = try TunedChatModel.generator(run: runPath, base: basePath)
    let chat = try ChatSession(generator)
    let stream = try chat.reply(to: "What is a lathe?")
    while let piece = try stream.next() { print(piece.text, terminator: "") }
    #expect(chat.messages.count == 1 && FileManager.default.fileExists(atPath: "\(runPath)/adapter"))
  }

  @Test("A classifier, its stored run, and adapters by themselves")
  func classifier() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(Array(TinyBase.lines(120).joined(separator: "\n").utf8), "texts.tsv")
    let basePath = try TinyBase(in: folder.path).folder
    let (runPath, adapterPath) = (folder.file("run"), folder.file("adapter"))
    var plan = TextClassifierPlan(base: "minilm")
    plan.tuning = TuningSettings(.lora)
    let documents = try LabelledDocuments(path: path).withoutDuplicates().documents
    let split = try DocumentSplit(documents)
    let training = try TextClassifierTraining(plan, base: basePath, split, folder: runPath)
    try training.writeDescription()
    _ = try training.trainer.run()
    print(training.summary, try training.finish().text)

    let classifier = try TextClassifier(run: runPath)
    print(classifier.classes, try classifier.probabilities(["a bright story"]))
    #expect(FileManager.default.fileExists(atPath: "\(runPath)/adapter/adapter_config.json"))
    #expect(FileManager.default.fileExists(atPath: "\(runPath)/test-report.txt"))

    let model = try SequenceClassifier.pretrained(
      basePath, labels: ["neg", "pos"], newLayers: ["classifier"])
    let adapters = ModelAdapters(of: model)
    let placement = AdapterPlacement(.names(["query", "value"]), saved: ["classifier"])
    try adapters.add(.lora(LoRAConfiguration(placement, rank: 4)), name: "first")
    try adapters.add(.lora(LoRAConfiguration(placement, rank: 2, isWeightDecomposed: true)), name: "second")
    try adapters.activate(["first"])
    print(adapters.summary)
    try adapters.save(to: adapterPath, name: "first", base: "minilm", task: "SEQ_CLS")
    try adapters.merge()
    adapters.unmerge()
    try adapters.unload(merging: true)
    #expect(adapters.active.isEmpty && model.namedModules.allSatisfy { !($0.module is AdaptedLinear) })
  }
}
