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
        Of each line its tokens' numbers; with --json also the tokens, their places in the line, and masks. Without a file \
        standard input is read.
        """)

    @Option(
      help: ArgumentHelp(
        "A tokenizer.json or vocab.txt, or a folder with one of them or with vocab.json and merges.txt.",
        valueName: "path"))
    var tokenizer: String?

    @Option(help: ArgumentHelp("The folder of a model, which has its tokeniser in it.", valueName: "dir"))
    var model: String?

    @Option(help: ArgumentHelp("A UTF-8 text, whose lines are encoded each for itself.", valueName: "file"))
    var file: String?

    @Option(parsing: .unconditionalSingleValue, help: "A text; may be given several times.")
    var text: [String] = []

    @Flag(help: "Print one JSON object a line.")
    var json = false

    @Flag(help: "Print how many tokens there are, and nothing else.")
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
      let tokenizer = try Tokenizer(path: tokenizer ?? model ?? "")
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
          total += encoding.count
          if count { continue }
          if json {
            try Terminal.output(json: row(encoding, tokenizer))
          } else {
            Terminal.output(encoding.ids.map(String.init).joined(separator: " "))
          }
        }
      }
      if count { Terminal.output("\(total)") }
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

  /// Lines of a file or of standard input, as soon as they are there.
  final class TextLines {
    private static let longest = 1 << 28
    private let name: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var start = 0
    private var hasEnded = false
    private var number = 0

    /// - Parameter path: The file; nil for standard input.
    /// - Throws: `LatheError.file`.
    init(_ path: String?) throws {
      name = path ?? "standard input"
      descriptor = path.map { open($0, O_RDONLY | O_CLOEXEC) } ?? STDIN_FILENO
      guard descriptor >= 0 else {
        throw LatheError(.file, "\(name): cannot open: \(String(cString: strerror(errno)).lowercased())")
      }
    }

    deinit { if descriptor != STDIN_FILENO { close(descriptor) } }

    /// The next line without its end; nil behind the last.
    ///
    /// - Throws: `LatheError` for what cannot be read or is not UTF-8, with the line.
    func next() throws -> String? {
      var searched = start
      while true {
        if let end = buffer[searched...].firstIndex(of: 10) {
          defer { start = end + 1 }
          return try line(start..<end)
        }
        if hasEnded {
          guard start < buffer.count else { return nil }
          defer { start = buffer.count }
          return try line(start..<buffer.count)
        }
        buffer.removeFirst(start)
        start = 0
        searched = buffer.count
        try fill()
      }
    }

    private func line(_ range: Range<Int>) throws -> String {
      number += 1
      let end = !range.isEmpty && buffer[range.upperBound - 1] == 13 ? range.upperBound - 1 : range.upperBound
      guard let text = String(validating: buffer[range.lowerBound..<end], as: UTF8.self) else {
        throw LatheError(.format, "\(name): line \(number) is not UTF-8; convert the text first")
      }
      return text
    }

    private func fill() throws {
      guard buffer.count < Self.longest else {
        throw LatheError(.format, "\(name): line \(number + 1) has more than \(Self.longest) bytes")
      }
      var part = [UInt8](repeating: 0, count: 1 << 16)
      var count = read(descriptor, &part, part.count)
      while count < 0 && errno == EINTR { count = read(descriptor, &part, part.count) }
      guard count >= 0 else {
        throw LatheError(.file, "\(name): cannot read: \(String(cString: strerror(errno)).lowercased())")
      }
      if count == 0 { hasEnded = true } else { buffer.append(contentsOf: part[..<count]) }
    }
  }
#endif
