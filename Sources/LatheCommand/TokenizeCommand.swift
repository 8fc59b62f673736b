#if CommandLine
  import ArgumentParser
  import Foundation
  import LatheCore
  import LatheML
  import LatheText

  struct TokenizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "tokenize", abstract: "Shows which tokens a tokeniser makes of text.",
      discussion: """
        Of each line its tokens' numbers; with --json also the tokens, their places in the line, and masks. Lines are cut and \
        filled up where the tokeniser's file says so. Without a file standard input is read.
        """)

    @Option(
      help: ArgumentHelp(
        "A tokenizer.json or vocab.txt, or a folder with one of them or with vocab.json and merges.txt.",
        valueName: "path"))
    var tokenizer: String?

    @Option(
      help: ArgumentHelp(
        "A pre-trained model by its name in the store, its folder, or a GGUF file: its tokeniser.",
        valueName: "model"))
    var model: String?

    @Option(help: ArgumentHelp("A UTF-8 text, whose lines are encoded each for itself.", valueName: "file"))
    var file: String?

    @Option(parsing: .unconditionalSingleValue, help: "A text; may be given several times.")
    var text: [String] = []

    @Flag(help: "Print one JSON object a line.")
    var json = false

    @Flag(help: "Neither cut lines nor fill them up, whatever the tokeniser's file says.")
    var whole = false

    @Flag(help: "Print how many tokens there are, without those that fill up, and nothing else.")
    var count = false

    @Flag(help: "Read numbers of tokens, one text a line, and print the text.")
    var decode = false

    @Flag(help: "Add no beginnings and ends; in text that is decoded, keep them.")
    var plain = false

    func validate() throws {
      guard (tokenizer == nil) != (model == nil) else {
        throw ValidationError("give --model or --tokenizer\(tokenizer == nil ? "" : ", one of them")")
      }
      if tokenizer?.isEmpty == true || model?.isEmpty == true || file?.isEmpty == true {
        throw ValidationError("a path is empty; name a file or a folder")
      }
      if file != nil && !text.isEmpty { throw ValidationError("give --file or --text, one of them") }
      guard [json, count, decode].count(where: { $0 }) <= 1 else {
        throw ValidationError("--json, --count and --decode exclude each other")
      }
    }

    /// What is printed of a line with --json.
    private struct Row: Encodable {
      let ids: [Int32]
      let tokens: [String]
      let offsets: [[Int]]
      let words: [Int?]
      let typeIds: [Int32]
      let specialTokensMask: [Int32]
      let attentionMask: [Int32]
    }

    func run() throws {
      var tokenizer = try Self.tokenizer(tokenizer, model)
      if whole { tokenizer = try tokenizer.with(truncation: nil, padding: nil) }
      var total = 0
      var number = 0
      try eachBatch { lines in
        if decode {
          for line in lines {
            number += 1
            Terminal.output(try tokenizer.decode(ids(line, number), skipsSpecialTokens: !plain))
          }
          return
        }
        for encoding in try tokenizer.encode(batch: lines, addsSpecialTokens: !plain) {
          if count {
            total += encoding.attentionMask.count { $0 != 0 }
            continue
          }
          if json {
            try Terminal.output(json: row(encoding, tokenizer))
          } else {
            Terminal.output(encoding.ids.map(String.init).joined(separator: " "))
          }
        }
      }
      if count { Terminal.output("\(total)") }
    }

    private static func tokenizer(_ path: String?, _ model: String?) throws -> Tokenizer {
      guard let model else { return try Tokenizer(path: path ?? "") }
      return try Tokenizer(model: PretrainedChoice.path(model))
    }

    private func row(_ encoding: Encoding, _ tokenizer: Tokenizer) -> Row {
      Row(
        ids: encoding.ids, tokens: encoding.ids.map { tokenizer.token(of: $0) ?? "" },
        offsets: encoding.offsets.map { [$0.lowerBound, $0.upperBound] }, words: encoding.wordIDs,
        typeIds: encoding.typeIDs, specialTokensMask: encoding.specialTokensMask,
        attentionMask: encoding.attentionMask)
    }

    private func ids(_ line: String, _ number: Int) throws -> [Int32] {
      try line.split(separator: " ").map { word in
        guard let id = Int32(word), id >= 0 else {
          throw LatheError(.invalidArgument, "line \(number): '\(word)' is no number of a token")
        }
        return id
      }
    }

    /// Calls back for lines, some thousand at a time.
    private func eachBatch(_ body: ([String]) throws -> Void) throws {
      if !text.isEmpty { return try body(text) }
      let lines = try TextLines(file)
      while true {
        var batch: [String] = []
        while batch.count < 4096, let line = try lines.next() { batch.append(line) }
        if batch.isEmpty { return }
        try body(batch)
      }
    }
  }
#endif
