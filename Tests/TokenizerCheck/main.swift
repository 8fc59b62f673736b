// Encodes and trains for scripts/check-tokenizers.sh and benchmarks/peers/tokenizers_peer.py.
//
//   TokenizerCheck encode TOKENIZER FILE [pairs]   a line of JSON for each text of FILE (a JSON text a line): ids,
//                                                  offsets in scalars, words, type ids, masks, and the decoded text
//   TokenizerCheck train wordpiece|bpe|unigram SIZE FILE OUTPUT
//   TokenizerCheck bench TOKENIZER FILE THREADS    waits for lines on standard input; for each one it encodes all
//                                                  lines of FILE and prints the seconds and the number of tokens
//   TokenizerCheck walk TOKENIZER FILE COUNT       for each JSON schema of FILE (one a line) a list of texts that it allows,
//                                                  of tokens chosen at random
//   TokenizerCheck masks TOKENIZER FILE            how long masks take on the way through FILE, which is JSON
import Foundation
import LatheText

func fail(_ message: String) -> Never {
  FileHandle.standardError.write(Data("TokenizerCheck: \(message)\n".utf8))
  exit(1)
}

func lines(_ path: String) throws -> [String] {
  try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
}

func texts(_ path: String) throws -> [String] {
  try lines(path).map { try JSONDecoder().decode(String.self, from: Data($0.utf8)) }
}

struct Row: Encodable {
  let ids: [Int32]
  let offsets: [[Int]]
  let words: [Int?]
  let types: [Int32]
  let special: [Int32]
  let attention: [Int32]
  let text: String
  let overflowing: [[Int32]]
}

func encode(_ arguments: [String]) throws {
  let tokenizer = try Tokenizer(path: arguments[0])
  let all = try texts(arguments[1])
  let isPaired = arguments.contains("pairs")
  let encodings =
    isPaired
    ? try tokenizer.encode(pairs: zip(all, all.dropFirst()).map { ($0, $1) }, unit: .scalars)
    : try tokenizer.encode(batch: all, unit: .scalars)
  let encoder = JSONEncoder()
  var output = Data()
  for encoding in encodings {
    let row = Row(
      ids: encoding.ids, offsets: encoding.offsets.map { [$0.lowerBound, $0.upperBound] },
      words: encoding.wordIDs,
      types: encoding.typeIDs, special: encoding.specialTokensMask, attention: encoding.attentionMask,
      text: try tokenizer.decode(encoding.ids), overflowing: encoding.overflowing.map(\.ids))
    output += try encoder.encode(row)
    output.append(10)
    if output.count > 1 << 20 {
      FileHandle.standardOutput.write(output)
      output = Data()
    }
  }
  FileHandle.standardOutput.write(output)
}

func train(_ arguments: [String]) throws {
  guard let size = Int(arguments[1]) else { fail("'\(arguments[1])' is no size of a vocabulary") }
  let corpus = try texts(arguments[2])
  let trained: Tokenizer
  switch arguments[0] {
  case "wordpiece": trained = try WordPieceTrainer(vocabularySize: size).train(corpus)
  case "bpe": trained = try BPETrainer(vocabularySize: size).train(corpus)
  case "unigram": trained = try UnigramTrainer(vocabularySize: size).train(corpus)
  default: fail("no trainer named '\(arguments[0])'")
  }
  try trained.write(to: arguments[3])
}

func bench(_ arguments: [String]) throws {
  let tokenizer = try Tokenizer(path: arguments[0])
  let texts = try lines(arguments[1])
  while readLine() != nil {
    let start = DispatchTime.now().uptimeNanoseconds
    let encodings = try tokenizer.encode(batch: texts, unit: .scalars, threads: Int(arguments[2]))
    let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
    print(seconds, encodings.reduce(0) { $0 + $1.count })
    fflush(nil)
  }
}

let arguments = Array(CommandLine.arguments.dropFirst())
do {
  switch (arguments.first, arguments.count) {
  case ("encode", 3...): try encode(Array(arguments.dropFirst()))
  case ("train", 5): try train(Array(arguments.dropFirst()))
  case ("bench", 4): try bench(Array(arguments.dropFirst()))
  case ("walk", 4): try walk(Array(arguments.dropFirst()))
  case ("masks", 3): try maskTimes(Array(arguments.dropFirst()))
  default:
    fail(
      "usage: encode TOKENIZER FILE [pairs] | train KIND SIZE FILE OUTPUT | bench TOKENIZER FILE THREADS"
        + " | walk TOKENIZER FILE COUNT | masks TOKENIZER FILE")
  }
} catch {
  fail("\(error)")
}
