import Foundation
import Lathe
import LatheCore
import LatheData
import LatheNN

/// The first examples that a model classifies wrongly, as a page shows them: texts and rows in a table, images as they
/// are.
struct WrongExamples {
  /// The most that are shown.
  let limit: Int
  /// The classes' names.
  let classes: [String]
  /// Wrong examples in all.
  private(set) var count = 0
  private var pictures: [String] = []
  private var rows: [[String]] = []
  private var titles: [String] = []

  /// Longer texts and rows are cut to so many characters and features.
  private static let (textLength, featureCount) = (300, 20)

  init(limit: Int, classes: [String]) {
    (self.limit, self.classes) = (limit, classes)
  }

  /// Adds an example that was given another class than its own.
  mutating func add(_ batch: Batch, at place: Int, label: Int, predicted: Int, of data: any TrainingData)
    throws
  {
    count += 1
    guard pictures.count + rows.count < limit else { return }
    let names = [label, predicted].map { markupEscaped(classes[$0]) }
    switch try data.description(of: batch, at: place) {
    case .text(let text):
      let shown = text.count > Self.textLength ? text.prefix(Self.textLength) + "…" : text[...]
      add(names + [markupEscaped(String(shown))], titles: ["text"])
    case .features(let columns, let values):
      let more = values.count > Self.featureCount ? ["…"] : []
      add(
        names + values.prefix(Self.featureCount).map(Self.shown) + more,
        titles: columns.prefix(Self.featureCount).map(markupEscaped) + more)
    case nil:
      guard let image = try Picture(batch.inputs, at: place) else { return }
      pictures.append(
        "<span class=\"picture\">\(image.html)"
          + "\(names[0])<br>\(names[1])</span>\n")
    }
  }

  /// Six digits, or more of a whole number: features may have been scaled and back.
  private static func shown(_ value: Float) -> String {
    let whole = Double(value).rounded()
    let isWhole = abs(whole) >= 1e5 && abs(whole) < 1e9 && abs(Double(value) - whole) <= abs(whole) * 1e-6
    return isWhole ? String(Int(whole)) : String(format: "%.6g", Double(value))
  }

  private mutating func add(_ row: [String], titles: [String]) {
    self.titles = titles
    rows.append(row)
  }

  /// The part of the page; empty where nothing can be shown.
  var html: String {
    let shown = pictures.count + rows.count
    guard shown > 0 else { return "" }
    let table = rows.isEmpty ? "" : HTML.table([["true class", "predicted class"] + titles] + rows)
    return "<h2>Wrong answers</h2>\n<p>\(shown) of \(count): the true class, then the model's.</p>\n"
      + pictures.joined() + (table.isEmpty ? "" : "<div class=\"words\">\(table)</div>\n")
  }
}
