import Foundation
import LatheTextMetrics
import Testing

/// Files of answers and of rankings.
@Suite struct MetricFileTests {
  private func file(_ text: String) throws -> String {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  private func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return "no error"
  }

  @Test func answersAreRead() throws {
    let data = try file(
      """
      {"version": "v2.0", "data": [{"title": "x", "paragraphs": [{"context": "c", "qas": [
        {"id": "a", "question": "?", "answers": [{"text": "one", "answer_start": 0}, {"text": "two", "answer_start": 3}]},
        {"id": "b", "question": "?", "answers": [], "is_impossible": true}]}]}]}
      """)
    #expect(
      try SQuAD.questions(path: data) == [
        .init(id: "a", answers: ["one", "two"]), .init(id: "b", answers: []),
      ])
    #expect(try SQuAD.predictions(path: file(#"{"a": "one", "b": ""}"#)) == ["a": "one", "b": ""])
    #expect(try SQuAD.noAnswerProbabilities(path: file(#"{"a": 0.5, "b": 1}"#)) == ["a": 0.5, "b": 1])
    for (text, part) in [
      ("[]", "no list `data`"), (#"{"data": [{}]}"#, "without `paragraphs`"),
      (#"{"data": [{"paragraphs": [{"qas": [{"id": "q"}]}]}]}"#, "question q without `answers`"),
      (#"{"data": [{"paragraphs": [{"qas": [{"id": "q", "answers": [{}]}]}]}]}"#, "without `text`"),
      (
        #"{"data": [{"paragraphs": [{"qas": [{"id": "q", "answers": []}, {"id": "q", "answers": []}]}]}]}"#,
        "comes twice"
      ),
    ] {
      let path = try file(text)
      let said = message { _ = try SQuAD.questions(path: path) }
      #expect(said.contains(part) && said.contains(path), "\(said)")
    }
    let wrong = try file(#"{"a": 3}"#)
    #expect(
      message { _ = try SQuAD.predictions(path: wrong) }.contains("question a has a number, not a text"))
  }

  @Test func rankingsAreRead() throws {
    let relevances = try file("q1 0 d1 1\nq1 0 d2 0\nq2 0 d9 2\n")
    let results = try file("q1 Q0 d2 1 0.5 x\nq1 Q0 d1 2 0.5 x\nq1\tQ0 d3 3 0.9 x\nq7 Q0 d1 1 1 x\n")
    let lists = try RankedList.read(results: results, relevances: relevances)
    #expect(lists.map(\.query) == ["q1", "q2"])
    // Equal scores go by their names backwards, as trec_eval has it.
    #expect(lists[0].list.relevance == [0, 0, 1] && lists[1].list.relevance == [])
    for (results, relevances, part) in [
      ("q1 Q0 d1 1 x y\n", "q 0 d 1\n", "line 1: 'x' is no score"),
      ("q1 Q0 d1 1\n", "q 0 d 1\n", "4 fields, not the 6"),
      ("q1 Q0 d1 1 1 x\n", "q 0 d 1\nq 0 d 1\n", "line 2: d comes twice"),
      ("q1 Q0 d1 1 1 x\n", "q 0 d e\n", "no relevance"),
      ("q Q0 d 1 1 x\nq Q0 d 2 1 x\n", "q 0 d 1\n", "d is twice among the results"),
    ] {
      let paths = (try file(results), try file(relevances))
      let said = message { _ = try RankedList.read(results: paths.0, relevances: paths.1) }
      #expect(said.contains(part), "\(said)")
    }
  }
}
