import LatheCore
import LatheLearn
import Testing

/// Ways to divide rows.
@Suite("Splits")
struct SplitTests {
  struct Content: Decodable {
    var labels: [Int]
    var groups: [Int]
    var kFold: [[[Int]]]
    var stratified: [[[Int]]]
    var group: [[[Int]]]
    var stratifiedGroup: [[[Int]]]
    var time: [[[Int]]]
    var timeGap: [[[Int]]]
  }

  private func lists(_ splits: [RowSplit]) -> [[[Int]]] { splits.map { [$0.train, $0.test] } }

  @Test("Without a seed the parts are scikit-learn's")
  func definitions() throws {
    let content: Content = try LearnFixture.load("splits")
    let (labels, groups) = (content.labels, content.groups)
    #expect(lists(try RowSplits.kFold(rows: 40, folds: 7)) == content.kFold)
    #expect(lists(try RowSplits.stratifiedKFold(labels: labels, folds: 4)) == content.stratified)
    #expect(lists(try RowSplits.groupKFold(groups: groups, folds: 4)) == content.group)
    #expect(
      lists(try RowSplits.stratifiedGroupKFold(labels: labels, groups: groups, folds: 3))
        == content.stratifiedGroup)
    #expect(lists(try RowSplits.timeSeries(rows: 40, folds: 5)) == content.time)
    #expect(
      lists(try RowSplits.timeSeries(rows: 40, folds: 4, gap: 2, testRows: 3, mostTrainRows: 10))
        == content.timeGap)
  }

  @Test("No row is on both sides, each is tested on once, and a seed decides")
  func disjoint() throws {
    let content: Content = try LearnFixture.load("splits")
    let (labels, groups) = (content.labels, content.groups)
    let makers: [(UInt64) throws -> [RowSplit]] = [
      { try RowSplits.kFold(rows: 40, folds: 7, seed: $0) },
      { try RowSplits.stratifiedKFold(labels: labels, folds: 4, seed: $0) },
      { try RowSplits.stratifiedGroupKFold(labels: labels, groups: groups, folds: 3, seed: $0) },
      { _ in try RowSplits.groupKFold(groups: groups, folds: 3) },
      { _ in try RowSplits.leaveOneOut(rows: 40) },
    ]
    for make in makers {
      let splits = try make(1)
      #expect(splits.flatMap(\.test).sorted() == Array(0..<40))
      for split in splits { #expect((split.train + split.test).sorted() == Array(0..<40)) }
      #expect(try make(1) == splits)
    }
    #expect(try makers[0](1) != makers[0](2))
    #expect(try RowSplits.repeatedKFold(rows: 40, folds: 4, times: 3, seed: 5).count == 12)
    let repeated = try RowSplits.repeatedStratifiedKFold(labels: labels, folds: 4, times: 2, seed: 5)
    #expect(repeated.prefix(4) != repeated.suffix(4))
  }

  @Test("Groups stay together and classes keep their shares")
  func properties() throws {
    let content: Content = try LearnFixture.load("splits")
    let grouped = try RowSplits.grouped(groups: content.groups, test: 0.3, seed: 2)
    let tested = Set(grouped.test.map { content.groups[$0] })
    #expect(tested.isDisjoint(with: grouped.train.map { content.groups[$0] }))
    #expect((grouped.train + grouped.test).sorted() == Array(0..<40))
    let labels = [Int](repeating: 0, count: 80) + [Int](repeating: 1, count: 20)
    let split = try RowSplits.stratified(labels: labels, test: 0.25, seed: 9)
    #expect(split.test.count == 25 && split.test.filter { labels[$0] == 1 }.count == 5)
    #expect(Set(split.train + split.test).count == 100)
    let plain = try RowSplits.random(rows: 101, test: 0.2, seed: 42)
    #expect(plain.test.count == 21 && Set(plain.train + plain.test).count == 101)
    #expect(try RowSplits.byTime(rows: 10, test: 0.2).test == [8, 9])
  }

  @Test("Labels that look into the test are purged")
  func purged() throws {
    let ends = (0..<20).map { min($0 + 2, 19) }
    for split in try RowSplits.purgedKFold(labelEnds: ends, folds: 4, embargo: 1) {
      let (first, last) = (split.test[0], split.test.map { ends[$0] }.max() ?? 0)
      for row in split.train { #expect(ends[row] < first || row > last + 1) }
    }
    let second = try RowSplits.purgedKFold(labelEnds: ends, folds: 4, embargo: 1)[1]
    #expect(second.train == [0, 1, 2] + Array(13..<20))
  }

  @Test("What cannot be divided is refused")
  func refused() {
    #expect(throws: LatheError.self) { _ = try RowSplits.kFold(rows: 3, folds: 4) }
    #expect(throws: LatheError.self) { _ = try RowSplits.stratifiedKFold(labels: [0, 1, 2], folds: 2) }
    #expect(throws: LatheError.self) { _ = try RowSplits.groupKFold(groups: [1, 1, 1], folds: 2) }
    #expect(throws: LatheError.self) { _ = try RowSplits.random(rows: 5, test: 1.5, seed: 0) }
    #expect(throws: LatheError.self) { _ = try RowSplits.stratified(labels: [0, 0, 1], test: 0.5, seed: 0) }
    #expect(throws: LatheError.self) { _ = try RowSplits.timeSeries(rows: 4, folds: 5) }
  }
}
