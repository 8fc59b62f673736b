import Lathe
import LatheText

/// A pre-trained network with its tokeniser, which continues texts.
///
/// ```swift
/// let generator = try TextGenerator(path: "SmolLM2-135M-Instruct.Q4_1.gguf")
/// for try await piece in try generator.stream("The capital of France is") { print(piece.text, terminator: "") }
/// ```
public final class TextGenerator {
  /// The network.
  public let model: any CausalModel
  /// The tokeniser.
  public let tokenizer: Tokenizer
  /// At which a text ends.
  public let endTokens: Set<Int32>
  /// How conversations become text; nil where the model has no such template.
  public let chatTemplate: ChatTemplate?
  private var madeConstraint: TokenConstraint?
  /// What chat templates may ask for: texts of special tokens.
  package let templateVariables: [String: TemplateValue]

  /// Loads a model.
  ///
  /// - Parameters:
  ///   - path: A folder in the layout of the Hugging Face libraries, or a GGUF file.
  ///   - precision: As what weights are kept.
  ///   - device: Where it lives.
  /// - Throws: `LatheError` naming what is missing, damaged or not supported.
  public convenience init(path: String, precision: WeightPrecision = .stored, device: Device = .default)
    throws
  {
    let files = try PretrainedFiles(path: path)
    let tokenizer = try files.tokenizer()
    let model = try files.causalModel(precision: precision, device: device)
    var variables: [String: TemplateValue] = [:]
    for name in ["bos_token", "eos_token", "unk_token", "pad_token"] {
      if let text = try files.specialToken(name, tokenizer) { variables[name] = .string(text) }
    }
    try self.init(
      model: model, tokenizer: tokenizer, endTokens: Set(files.endTokens(tokenizer)),
      chatTemplate: files.chatTemplate().map { try ChatTemplate($0) }, templateVariables: variables)
  }

  /// A generator of its parts.
  public init(
    model: any CausalModel, tokenizer: Tokenizer, endTokens: Set<Int32> = [],
    chatTemplate: ChatTemplate? = nil,
    templateVariables: [String: TemplateValue] = [:]
  ) {
    self.model = model
    self.tokenizer = tokenizer
    self.endTokens = endTokens
    self.chatTemplate = chatTemplate
    self.templateVariables = templateVariables
  }

  /// What finds the tokens that a grammar allows, made when it is first needed; nil where there is no grammar.
  func constraint(for options: GenerationOptions) throws -> TokenConstraint? {
    guard options.grammar != nil else { return nil }
    if let madeConstraint { return madeConstraint }
    guard !endTokens.isEmpty else {
      throw LatheError(
        .unsupported, "the model names no token that ends a text, so that a grammar cannot end it")
    }
    let made = try TokenConstraint(tokenizer, endTokens: endTokens.sorted())
    madeConstraint = made
    return made
  }

  /// The tokens of a prompt.
  ///
  /// - Throws: `LatheError` where it cannot be encoded, or is of no token.
  public func encode(_ prompt: String, addsSpecialTokens: Bool = true) throws -> [Int32] {
    try tokenizer.encode(prompt, addsSpecialTokens: addsSpecialTokens).ids
  }

  /// Continues a text, piece by piece.
  ///
  /// - Parameters:
  ///   - prompt: The text.
  ///   - options: How it is continued.
  /// - Throws: `LatheError` for a prompt that is empty or longer than the context, and for options that cannot be.
  public func stream(_ prompt: String, options: GenerationOptions = GenerationOptions()) throws -> TextStream
  {
    try stream(encode(prompt), options: options)
  }

  /// Continues tokens, piece by piece.
  ///
  /// - Parameters:
  ///   - tokens: The prompt.
  ///   - options: How it is continued.
  ///   - cache: Holds the first of the tokens, which are not computed again.
  /// - Throws: `LatheError`; see `TokenGeneration`.
  public func stream(
    _ tokens: [Int32], options: GenerationOptions = GenerationOptions(), cache: DecoderCache? = nil
  ) throws -> TextStream {
    guard options.beams == 1 else {
      throw LatheError(
        .invalidArgument, "generation: beams give whole texts, not pieces; call generate, not stream")
    }
    let start = try start(tokens, options)
    let generation = try TokenGeneration(
      model, prompts: [start.tokens], options: options, endTokens: endTokens, cache: start.cache ?? cache,
      constraint: try constraint(for: options))
    return TextStream(generation, tokenizer, stop: options.stop)
  }

  /// What is continued: the text, or the first token of a decoder whose encoder has read the text.
  func start(
    _ tokens: [Int32], _ options: GenerationOptions
  ) throws -> (tokens: [Int32], cache: DecoderCache?) {
    guard let network = model as? T5 else { return (tokens, nil) }
    try options.check(vocabulary: network.vocabularySize)
    try TokenGeneration.check([tokens], network)
    guard let count = options.maximumNewTokens else {
      throw LatheError(
        .invalidArgument, "generation: nothing limits the text; say how many tokens it may have")
    }
    let cache = DecoderCache(layers: network.layerCount, capacity: (count + 64) / 64 * 64)
    noGradient {
      network.encode(Tensor(tokens, shape: [1, tokens.count], device: network.device), into: cache)
    }
    return ([network.startToken], cache)
  }
}
