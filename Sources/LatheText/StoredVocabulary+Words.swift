import LatheCore

/// How the vocabularies of byte pairs in GGUF files cut words, by the names that llama.cpp gives to expressions.
extension StoredVocabulary {
  private static let llamaExpression =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  private static let letters = (
    upper: #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#, lower: #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#
  )

  /// Words that begin with capitals, or are capitals throughout.
  private static func caseExpression(contractions: String, numbers: String) -> String {
    let (upper, lower) = letters
    return #"[^\r\n\p{L}\p{N}]?\#(upper)*\#(lower)+\#(contractions)"#
      + #"|[^\r\n\p{L}\p{N}]?\#(upper)+\#(lower)*\#(contractions)"#
      + #"|\#(numbers)| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  }

  /// Whether words are cut as Llama-3 cuts them.
  var usesLlamaExpression: Bool {
    model == "gpt2"
      && ["llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2"]
        .contains(preTokenizer)
  }

  /// How words are cut, and what goes with it.
  struct Words {
    var normalizer = JSONValue.null
    var splitter: JSONValue
    /// Whether whole words that are tokens need no merges.
    var ignoresMerges = false
  }

  /// - Throws: `LatheError.unsupported` for names that are not known.
  func words(_ source: String) throws -> Words {
    let whole = TokenizerJSON.byteLevel(addsPrefixSpace: false, usesPattern: true)
    let bytes = TokenizerJSON.byteLevel(addsPrefixSpace: false, usesPattern: false)
    func cut(_ expressions: String...) -> JSONValue {
      TokenizerJSON.sequence("pretokenizers", expressions.map(TokenizerJSON.split) + [bytes])
    }
    let qwen = Self.llamaExpression.replacing(#"\p{N}{1,3}"#, with: #"\p{N}"#)
    if usesLlamaExpression { return Words(splitter: cut(Self.llamaExpression), ignoresMerges: true) }
    switch preTokenizer {
    case "", "default":
      return Words(
        splitter: cut(
          #"[\p{P}\$\+<=>\^~\|]+"#, ComponentReader.wordExpression, #"\p{N}+"#, "[0-9][0-9][0-9]"))
    case "falcon":
      return Words(
        splitter: cut(#"[\p{P}\$\+<=>\^~\|`]+"#, ComponentReader.wordExpression, "[0-9][0-9][0-9]"))
    case "gpt-2", "phi-2", "jina-es", "jina-de", "jina-v2-es", "jina-v2-de", "jina-v1-en", "jina-v2-code",
      "roberta-bpe",
      "mpt", "olmo", "jais", "gigachat", "a.x-4.0", "mellum", "modern-bert", "exaone4":
      return Words(splitter: whole)
    case "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b":
      let digits = TokenizerJSON.component("Digits", ("individual_digits", .bool(true)))
      return Words(splitter: TokenizerJSON.sequence("pretokenizers", [digits, whole]))
    case "dbrx", "smaug-bpe", "glm4", "chatglm-bpe": return Words(splitter: cut(Self.llamaExpression))
    case "qwen2", "deepseek-r1-qwen", "megrez":
      return Words(normalizer: TokenizerJSON.component("NFC"), splitter: cut(qwen))
    case "stablelm2": return Words(splitter: cut(qwen))
    case "tekken":
      return Words(
        splitter: cut(Self.caseExpression(contractions: "", numbers: #"\p{N}"#)), ignoresMerges: true)
    case "gpt-4o", "llama4":
      let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
      return Words(splitter: cut(Self.caseExpression(contractions: contractions, numbers: #"\p{N}{1,3}"#)))
    default:
      throw LatheError(.unsupported, "\(source): the pre-tokeniser '\(preTokenizer)' is not supported")
    }
  }
}
