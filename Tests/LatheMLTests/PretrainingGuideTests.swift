import DataTestSupport
import Foundation
import LatheML
import Testing

/// The examples of docs/pretraining.md, run on a small corpus; a test compares the texts.
@Suite("Examples of docs/pretraining.md")
struct PretrainingGuideTests {
  @Test("Every example stands in this file as it does in the document")
  func examples() throws { try GuideExamples.check("docs/pretraining.md", count: 2) }

  @Test("Hidden words, from a corpus to a report")
  func masked() throws {
    let folder = try TemporaryFolder()
    let lines = TinyBase.lines(90).enumerated().map { "\($0.element.split(separator: "\t")[1]) \($0.offset)" }
    let corpusPath = try folder.write(Array(lines.joined(separator: "\n\n").utf8), "corpus.txt")
    let configPath = try folder.write(
      Array(
        """
        {"model_type": "bert", "vocab_size": 60, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
         "intermediate_size": 32, "max_position_embeddings": 16, "type_vocab_size": 2}
        """.utf8), "config.json")
    let runPath = folder.file("run")
    let split = try CorpusSplit(TextCorpus(path: corpusPath))
    let tokenizer = try WordPieceTrainer(vocabularySize: 60).train(split.training)
    var plan = PretrainingPlan(.mlm)
    (plan.epochs, plan.length) = (1, 16)
    let pretraining = try Pretraining(
      plan, configuration: ConfigurationValues(path: configPath), tokenizer: tokenizer, split, folder: runPath
    )
    try pretraining.writeDescription()
    _ = try pretraining.trainer.run()
    let report = try pretraining.finish()
    print(report.perplexity, report.text)
    #expect(FileManager.default.fileExists(atPath: "\(runPath)/model/config.json"))
    #expect(FileManager.default.fileExists(atPath: "\(runPath)/corpus.json"))
  }

  @Test("Rows of sequences")
  func packed() throws {
    let configuration = try ConfigurationValues(
      json: """
        {"model_type": "gpt2", "vocab_size": 16, "n_embd": 8, "n_layer": 1, "n_head": 2, "n_positions": 8}
        """)
    let decoder = try GPT2(configuration, from: LayerSource(generator: Generator(seed: 0)))
    let rows = Tensor([5, 6, 7, 5, 8] as [Int32], shape: [1, 5])
    let scores = decoder.logits(rows, packing: SequencePacking([[3, 2]], device: rows.device))
    print(scores.shape)
    #expect(scores.shape == [1, 5, 16])
  }
}
