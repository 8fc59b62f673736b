import Lathe
import LatheFiles
import LatheNN
import LatheText

extension SentenceEncoder {
  /// Writes a folder of sentence-transformers: the network, the tokeniser, and how vectors of tokens become one of a text.
  ///
  /// - Parameter folder: The folder, which is made where it is not there.
  /// - Throws: `LatheError` where a file cannot be written.
  public func savePretrained(to folder: String) throws {
    try encoder.savePretrained(to: folder, tokenizer: tokenizer.with(truncation: nil, padding: nil))
    typealias Member = JSONValue.Member
    try ConfigurationValues(members: [
      Member("max_seq_length", .integer(longestText)), Member("do_lower_case", .bool(lowercases)),
    ]).write(to: "\(folder)/sentence_bert_config.json")
    var modules = [("", "Transformer"), ("1_Pooling", "Pooling")]
    try AtomicFile.makeFolder("\(folder)/1_Pooling")
    let ways: [(String, SentencePooling)] = [
      ("cls_token", .cls), ("mean_tokens", .mean), ("max_tokens", .max),
      ("mean_sqrt_len_tokens", .meanSqrtLength), ("weightedmean_tokens", .weightedMean),
      ("lasttoken", .lastToken),
    ]
    try ConfigurationValues(
      members: [Member("word_embedding_dimension", .integer(encoder.width))]
        + ways.map { Member("pooling_mode_\($0.0)", .bool(pooling.contains($0.1))) }
        + [Member("include_prompt", .bool(poolsPrompt))]
    ).write(to: "\(folder)/1_Pooling/config.json")
    for (place, step) in steps.enumerated() {
      switch step {
      case .dense(let layer):
        let name = "\(place + 2)_Dense"
        try layer.write(to: "\(folder)/\(name)")
        modules.append((name, "Dense"))
      case .normalize:
        let name = "\(place + 2)_Normalize"
        try AtomicFile.makeFolder("\(folder)/\(name)")
        modules.append((name, "Normalize"))
      }
    }
    let list = modules.enumerated().map { number, module in
      JSONValue.object([
        Member("idx", .integer(number)), Member("name", .string("\(number)")),
        Member("path", .string(module.0)),
        Member("type", .string("sentence_transformers.models.\(module.1)")),
      ])
    }
    var bytes: [UInt8] = []
    JSONValue.array(list).write(to: &bytes, indentation: 0)
    try AtomicFile.write([bytes], to: "\(folder)/modules.json")
    let names = prompts.texts.keys.sorted().map { Member($0, .string(prompts.texts[$0] ?? "")) }
    try ConfigurationValues(members: [
      Member("prompts", .object(names)),
      Member("default_prompt_name", prompts.standard.map { .string($0) } ?? .null),
      Member("similarity_fn_name", .string("cosine")),
    ]).write(to: "\(folder)/config_sentence_transformers.json")
  }
}
