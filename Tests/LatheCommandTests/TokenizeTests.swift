import DataTestSupport
import Foundation
import LatheML
import Testing

/// `lathe tokenize`.
@Suite("lathe tokenize")
struct TokenizeTests {
  /// A folder with a tokeniser and a text.
  private func folder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try folder.write(Array("[PAD]\n[UNK]\n[CLS]\n[SEP]\nlow\n##er\nthe\né\n".utf8), "vocab.txt")
    try folder.write(Array("The lower\n\nlow x\r\n".utf8), "text.txt")
    return folder
  }

  @Test("Numbers, JSON, counts, and back")
  func forms() throws {
    let folder = try folder()
    let plain = try Lathe.run("tokenize", "--model", ".", "--file", "text.txt", in: folder.path)
    #expect(plain.status == 0 && plain.output == "2 6 4 5 3\n2 3\n2 4 1 3\n", "\(plain.errors)")
    let bare = try Lathe.run(
      "tokenize", "--tokenizer", "vocab.txt", "--text", "the low", "--plain", in: folder.path)
    #expect(bare.output == "6 4\n")
    let count = try Lathe.run("tokenize", "--model", ".", "--file", "text.txt", "--count", in: folder.path)
    #expect(count.output == "11\n")
    let json = try Lathe.run("tokenize", "--model", ".", "--text", "low é", "--json", in: folder.path)
    #expect(json.output.contains("\"ids\":[2,4,1,3],\"offsets\":[[0,0],[0,3],[4,6],[0,0]]"), "\(json.output)")
    let back = try Lathe.run("tokenize", "--model", ".", "--decode", "--text", "2 6 4 5 3", in: folder.path)
    #expect(back.output == "the lower\n")
  }

  @Test("Lines are cut and filled up as the tokeniser's file says, unless they are to be whole")
  func lengths() throws {
    let folder = try folder()
    // As the library tokenizers writes it.
    let json = """
      {"version": "1.0",
       "truncation": {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0},
       "padding": {"strategy": {"Fixed": 4}, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 0,
         "pad_type_id": 0, "pad_token": "[PAD]"},
       "added_tokens": [], "normalizer": null, "pre_tokenizer": {"type": "BertPreTokenizer"},
       "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}, "decoder": null,
       "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
         "max_input_chars_per_word": 100, "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "low": 4}}}
      """
    try folder.write(Array(json.utf8), "tokenizer.json")
    let arguments = ["tokenize", "--tokenizer", "tokenizer.json", "--text", "low", "--text", "low low low"]
    #expect(try Lathe.start(arguments, in: folder.path).wait().output == "2 4 3 0\n2 4 4 3\n")
    #expect(try Lathe.start(arguments + ["--whole"], in: folder.path).wait().output == "2 4 3\n2 4 4 4 3\n")
    #expect(try Lathe.start(arguments + ["--count"], in: folder.path).wait().output == "7\n")
    #expect(try Lathe.start(arguments + ["--whole", "--count"], in: folder.path).wait().output == "8\n")
  }

  @Test("Bad input is one clear line")
  func mistakes() throws {
    let folder = try folder()
    try folder.write([0x61, 10, 0xFF, 0xFE, 10], "bytes.txt")
    try folder.write(Array("{\"model\": {\"type\": \"Tiles\"}}".utf8), "tokenizer.json")
    let cases = [
      (
        ["--model", ".", "--file", "text.txt"], 1, "tokenizer.json: model: the type 'Tiles' is not supported"
      ),
      (
        ["--tokenizer", "vocab.txt", "--file", "bytes.txt"], 1,
        "bytes.txt: line 2 is not UTF-8; convert the text first"
      ),
      (
        ["--tokenizer", "vocab.txt", "--file", "none.txt"], 1,
        "none.txt: cannot open: no such file or directory"
      ),
      (["--tokenizer", "vocab.txt", "--file", "."], 1, ".: cannot read: is a directory"),
      (["--tokenizer", "vocab.txt", "--decode", "--text", "1 x"], 1, "line 1: 'x' is no number of a token"),
      (["--file", "text.txt"], 2, "give --model or --tokenizer"),
      (
        ["--tokenizer", "vocab.txt", "--text", "a", "--file", "text.txt"], 2,
        "give --file or --text, one of them"
      ),
    ]
    for (arguments, status, expected) in cases {
      let run = try Lathe.start(["tokenize"] + arguments, in: folder.path).wait()
      #expect(run.status == Int32(status) && run.errors.contains(expected), "\(arguments): \(run.errors)")
    }
  }

  @Test("A reader that goes away, and bytes on standard input")
  func pipes() throws {
    let folder = try folder()
    let long = String(repeating: "the low\n", count: 100_000)
    try folder.write(Array(long.utf8), "long.txt")
    let binary = Lathe.binary.path
    let head = try Lathe.start(
      program: "/bin/bash",
      ["-c", "'\(binary)' tokenize --tokenizer vocab.txt --file long.txt | head -1; echo ${PIPESTATUS[0]}"],
      in: folder.path
    ).wait()
    // By the signal, or with its status where whoever started it ignores that.
    #expect(head.lines == ["2 6 4 3", "141"], "\(head.lines) \(head.errors)")
    let bytes = try Lathe.start(
      program: "/bin/bash", ["-c", "printf 'low\\n\\xff\\n' | '\(binary)' tokenize --tokenizer vocab.txt"],
      in: folder.path
    ).wait()
    #expect(
      bytes.status == 1 && bytes.errors.contains("standard input: line 2 is not UTF-8"), "\(bytes.errors)")
  }
}
