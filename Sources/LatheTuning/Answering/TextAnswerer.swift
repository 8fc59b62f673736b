import Lathe
import LatheAdapters
import LatheCore
import LatheFiles
import LatheLanguage
import LatheNN
import LatheText
import LatheTextMetrics
import LatheTraining

/// A fine-tuned network that finds answers in texts, as a run stores it.
public final class TextAnswerer {
  private let network: AnsweringNetwork
  private let tokenizer: Tokenizer
  private let plan: QuestionAnsweringPlan
  private let adapters: ModelAdapters?
  private let device: Device

  init(
    network: AnsweringNetwork, tokenizer: Tokenizer, plan: QuestionAnsweringPlan, adapters: ModelAdapters?,
    device: Device
  ) {
    (self.network, self.tokenizer, self.plan) = (network, tokenizer, plan)
    (self.adapters, self.device) = (adapters, device)
  }

  /// Loads the model of a run: the weights of its best epoch, or of its last checkpoint where none has ended.
  ///
  /// - Parameters:
  ///   - folder: The run's folder.
  ///   - device: Where it computes.
  /// - Throws: `LatheError` where the folder is none of such a run or a file is damaged.
  public convenience init(run folder: String, device: Device = .default) throws {
    let plan = try QuestionAnsweringPlan(folder: folder)
    let network = AnsweringNetwork(
      try QuestionAnswerer(
        ConfigurationValues(path: "\(folder)/\(QuestionAnsweringPlan.networkName)"),
        from: LayerSource(generator: Generator(seed: 0), device: device)))
    let adapters = try plan.tuning.apply(
      to: network, heads: QuestionAnsweringTraining.heads, steps: 1, generator: Generator(seed: 0))
    let best = "\(folder)/\(ModelFolder.bestName)"
    try network.load(from: FileErrors.exists(best) ? best : folder)
    network.eval()
    self.init(
      network: network, tokenizer: try Tokenizer(path: "\(folder)/tokenizer.json"), plan: plan,
      adapters: adapters, device: device)
  }

  /// The best answers to a question in a text.
  ///
  /// - Parameters:
  ///   - question: The question.
  ///   - context: The text, of any length.
  ///   - count: How many answers at most, the best first. An empty one says that the text has none, where the model learned that
  ///     texts may have none.
  /// - Throws: `LatheError` where the question is too long, or the device fails.
  public func answers(to question: String, in context: String, count: Int = 1) throws -> [FoundAnswer] {
    for (name, text) in [("question", question), ("text", context)]
    where !text.contains(where: { !$0.isWhitespace }) {
      throw LatheError(.invalidArgument, "the \(name) is empty")
    }
    return try answers(
      [AskedText(id: "question", question: question, context: context, answers: [])], count: count)[0]
  }

  /// The best answers to each of some questions.
  func answers(_ questions: [AskedText], count: Int, batchSize: Int = 16) throws -> [[FoundAnswer]] {
    let windows = try QuestionWindows(
      questions, tokenizer: tokenizer, length: plan.length, stride: plan.stride,
      padding: network.network.encoder.paddingToken
    ).windows
    var spans = [AnswerSpans](repeating: AnswerSpans(longest: plan.longestAnswer), count: questions.count)
    let order = windows.indices.sorted { (windows[$0].tokens.count, $0) < (windows[$1].tokens.count, $1) }
    for start in Swift.stride(from: 0, to: order.count, by: batchSize) {
      let part = order[start..<min(start + batchSize, order.count)].map { windows[$0] }
      let batch = QuestionWindow.collate(part, on: device)
      let time = batch.inputs.shape[1]
      let scores = try noGradient { network(batch.namedInputs)[NamedTensors.output] }.scalars(as: Float.self)
      for (row, window) in part.enumerated() {
        func side(_ number: Int) -> [Float] {
          Array(scores[(2 * row + number) * time..<(2 * row + number) * time + window.tokens.count])
        }
        spans[window.question].add(window, starts: side(0), ends: side(1))
      }
    }
    return zip(questions, spans).map { asked, found in
      found.best(in: asked.context, count: count, allowsNone: plan.allowsNone)
    }
  }

  /// Tests on questions with answers.
  ///
  /// - Throws: `LatheError` where a question is too long, or the device fails.
  public func test(_ questions: AskedTexts) throws -> QuestionAnsweringReport {
    let found = try answers(questions.list, count: 1)
    let given = found.map { $0.first?.text ?? "" }
    return try QuestionAnsweringReport(questions, given: given)
  }

  /// Writes the network in the layout of the Hugging Face libraries, with the adapter's updates in the weights.
  ///
  /// - Parameter folder: The folder.
  /// - Throws: `LatheError` where the adapter is no update of weights, or a file cannot be written.
  public func writeMerged(to folder: String) throws {
    try adapters?.unload(merging: true)
    try network.network.savePretrained(to: folder, tokenizer: tokenizer)
  }
}
