import DataTestSupport
import Foundation
import LatheML
import Testing

/// `lathe train word-vectors` and `lathe vectors`.
@Suite("lathe vectors")
struct WordVectorCommandTests {
  private func folder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let topics = [["sun", "sea", "sand", "wave"], ["code", "loop", "class", "type"]]
    let lines = (0..<200).map { (line: Int) -> String in
      let topic = topics[line % 2]
      let words = (0..<8).map { (place: Int) -> String in topic[(line / 2 * 5 + place * (place + line)) % 4] }
      return words.joined(separator: " ")
    }
    try folder.write(Array((lines.joined(separator: "\n") + "\n").utf8), "corpus.txt")
    try folder.write(Array("sun\tsea\t9\nsun\tcode\t1\ncode\tloop\t8\nsun\tghost\t2\n".utf8), "pairs.tsv")
    try folder.write(Array(": topic\nsun sea code loop\nsun sea code ghost\n".utf8), "analogies.txt")
    return folder
  }

  private func run(_ arguments: String, in folder: TemporaryFolder) throws -> Lathe {
    try Lathe.start(arguments.split(separator: " ").map(String.init), in: folder.path).wait()
  }

  @Test("Vectors are learnt, stored, asked and scored", arguments: ["skip-gram", "cbow", "glove"])
  func learnt(objective: String) throws {
    let folder = try folder()
    let common =
      "train word-vectors --data corpus.txt --objective \(objective) --width 12 --epochs 12 --threads 1"
    let made = try run("\(common) --output words.vec", in: folder)
    #expect(made.status == 0 && made.output == "words.vec: 8 words of 12\n", "\(made.errors)")
    let again = try run("\(common) --output again.bin", in: folder)
    #expect(again.status == 0, "\(again.errors)")
    let first = try WordVectors(path: folder.file("words.vec")),
      second = try WordVectors(path: folder.file("again.bin"))
    #expect(first.words == second.words && first.values == second.values)
    let near = try run("vectors similar --vectors again.bin --count 3 sun", in: folder)
    #expect(near.status == 0 && near.output.split(separator: "\n").count == 3, "\(near.errors)")
    let analogy = try run("vectors analogy --vectors words.vec sun sea code --count 1", in: folder)
    #expect(analogy.status == 0 && !analogy.output.isEmpty, "\(analogy.errors)")
    let scores = try run(
      "vectors evaluate --vectors words.vec --pairs pairs.tsv --analogies analogies.txt", in: folder)
    #expect(scores.output.contains("on 3 pairs, 1 unknown") && scores.output.contains("of 1, 1 unknown"))
  }

  @Test("Bad input is one clear line")
  func mistakes() throws {
    let folder = try folder()
    try folder.write(Array("sun 1 2\nsea 2 1\n".utf8), "few.vec")
    for (arguments, status, part) in [
      ("train word-vectors --data none.txt --output v", 1, "none.txt"),
      ("train word-vectors --data corpus.txt --output v --min-count 100000", 1, "lower the minimum count"),
      ("train word-vectors --data corpus.txt --output v --width 0", 1, "vectors have 1 to 65536 elements"),
      ("train word-vectors --data corpus.txt --output v --objective glove --subwords", 2, "not for glove"),
      ("vectors similar --vectors few.vec nobody", 1, "'nobody' is not among"),
      ("vectors similar --vectors corpus.txt sun", 1, "is no finite number"),
      ("vectors analogy --vectors few.vec a b", 2, "takes three"),
      ("vectors evaluate --vectors pairs.tsv", 2, "--pairs or --analogies"),
    ] as [(String, Int32, String)] {
      let run = try run(arguments, in: folder)
      #expect(run.status == status && run.errors.contains(part), "\(arguments): \(run.status) \(run.errors)")
    }
  }
}
