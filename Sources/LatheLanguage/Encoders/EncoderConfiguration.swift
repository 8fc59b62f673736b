import Lathe

/// What an encoder's `config.json` says, in the words of one family: BERT, RoBERTa or DistilBERT.
struct EncoderConfiguration {
  /// Networks that compute the same, apart from names, positions and heads.
  enum Family {
    case bert, roberta, distilbert
  }

  let values: ConfigurationValues
  let family: Family
  /// What the classes of `transformers` begin with, such as `Bert`.
  let className: String
  let vocabularySize: Int
  let width: Int
  let layers: Int
  let heads: Int
  let innerWidth: Int
  let activation: HiddenActivation
  let dropout: Float
  let attentionDropout: Float
  let classifierDropout: Float
  /// Before the head that finds answers.
  let answerDropout: Float
  /// Rows of the table of positions.
  let positions: Int
  /// Types of tokens; none where 0.
  let types: Int
  let epsilon: Double
  let padding: Int
  /// Whether scores of tokens are made with the table of tokens.
  let isTied: Bool
  let labels: [String]

  private static let classes: [String: (family: Family, name: String)] = [
    "bert": (.bert, "Bert"), "roberta": (.roberta, "Roberta"), "xlm-roberta": (.roberta, "XLMRoberta"),
    "camembert": (.roberta, "Camembert"), "distilbert": (.distilbert, "DistilBert"),
  ]

  /// Reads a configuration.
  ///
  /// - Throws: `LatheError` naming the key that is missing, wrong or not supported.
  init(_ values: ConfigurationValues) throws {
    guard let type = try values.text("model_type") else {
      throw values.failure("model_type", "is not there; it says which network this is")
    }
    guard let known = Self.classes[type] else {
      let names = Self.classes.keys.sorted().joined(separator: ", ")
      throw values.failure("model_type", "'\(type)' is no encoder that is supported; there are \(names)")
    }
    self.values = values
    (family, className) = known
    let isShort = family == .distilbert
    vocabularySize = try values.integer("vocab_size")
    width = try values.integer(isShort ? "dim" : "hidden_size")
    layers = try values.integer(isShort ? "n_layers" : "num_hidden_layers", in: 0...4096)
    heads = try values.integer(isShort ? "n_heads" : "num_attention_heads")
    innerWidth = try values.integer(isShort ? "hidden_dim" : "intermediate_size")
    activation = try HiddenActivation(values, isShort ? "activation" : "hidden_act", default: .gelu)
    dropout = try Self.share(values, isShort ? "dropout" : "hidden_dropout_prob") ?? 0.1
    attentionDropout =
      try Self.share(values, isShort ? "attention_dropout" : "attention_probs_dropout_prob") ?? 0.1
    classifierDropout =
      isShort
      ? try Self.share(values, "seq_classif_dropout") ?? 0.2
      : try Self.share(values, "classifier_dropout") ?? dropout
    answerDropout = isShort ? try Self.share(values, "qa_dropout") ?? 0.1 : 0
    positions = try values.integer("max_position_embeddings")
    types = isShort ? 0 : try values.optionalInteger("type_vocab_size") ?? 2
    epsilon = isShort ? 1e-12 : try values.optionalNumber("layer_norm_eps") ?? 1e-12
    padding = try values.optionalInteger("pad_token_id") ?? (family == .roberta ? 1 : 0)
    isTied = try values.flag("tie_word_embeddings") ?? true
    labels = try Self.labels(values)
    guard width % heads == 0 else {
      throw values.failure(
        isShort ? "dim" : "hidden_size", "\(width) is no multiple of the \(heads) heads")
    }
    guard (0..<vocabularySize).contains(padding) else {
      throw values.failure("pad_token_id", "\(padding) is not among the \(vocabularySize) tokens")
    }
    guard family != .roberta || positions > padding + 1 else {
      throw values.failure("max_position_embeddings", "\(positions), of which \(padding + 1) are not used")
    }
    guard (0...4096).contains(types) else {
      throw values.failure("type_vocab_size", "\(types) is not within 0 and 4096")
    }
    try Self.refuse(values)
  }

  /// What would change the computation and is not there.
  private static func refuse(_ values: ConfigurationValues) throws {
    if let kind = try values.text("position_embedding_type"), kind != "absolute" {
      throw values.failure(
        "position_embedding_type", "'\(kind)' is not supported; positions have to be 'absolute'")
    }
    for key in ["is_decoder", "add_cross_attention"] where try values.flag(key) == true {
      throw values.failure(key, "is not supported; the network has to be an encoder")
    }
    if try values.object("pruned_heads").map({ !$0.keys.isEmpty }) == true {
      throw values.failure("pruned_heads", "networks without some of their heads are not supported")
    }
  }

  private static func share(_ values: ConfigurationValues, _ key: String) throws -> Float? {
    guard let number = try values.optionalNumber(key) else { return nil }
    guard (0...1).contains(number) else { throw values.failure(key, "\(number) is not within 0 and 1") }
    return Float(number)
  }

  /// The names of classes in order; two of them where the configuration says nothing.
  private static func labels(_ values: ConfigurationValues) throws -> [String] {
    guard let names = try values.names("id2label") else {
      let count = try values.optionalInteger("num_labels") ?? 2
      guard (1...(1 << 20)).contains(count) else {
        throw values.failure("num_labels", "\(count) is not within 1 and \(1 << 20)")
      }
      return (0..<count).map { "LABEL_\($0)" }
    }
    var labels = [String?](repeating: nil, count: names.count)
    for (key, text) in names {
      guard let number = Int(key), labels.indices.contains(number), labels[number] == nil else {
        throw values.failure("id2label.\(key)", "labels are numbered 0 to \(names.count - 1)")
      }
      labels[number] = text
    }
    guard !labels.isEmpty else { throw values.failure("id2label", "is empty") }
    return labels.compactMap { $0 }
  }

  /// What the paths of the network without its head begin with, without the point.
  var base: String {
    switch family {
    case .bert: "bert"
    case .roberta: "roberta"
    case .distilbert: "distilbert"
    }
  }

  /// How many tokens a text may have.
  var longestText: Int { family == .roberta ? positions - padding - 1 : positions }
}
