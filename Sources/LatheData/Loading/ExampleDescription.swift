import Lathe
import LatheNN

/// An example in a form that people read, for reports.
public enum ExampleDescription: Sendable, Hashable {
  /// A text.
  case text(String)
  /// The values of a row, with one name for each.
  case features(names: [String], values: [Float])
}

extension Collatable {
  /// None.
  public static func description(of batch: Batch, at place: Int) throws -> ExampleDescription? { nil }
}

extension FeatureRow {
  /// The features by the numbers of their columns, counted from 1.
  public static func description(of batch: Batch, at place: Int) throws -> ExampleDescription? {
    let values = try batch.inputs.select(axis: 0, index: place).scalars(as: Float.self)
    return .features(names: values.indices.map { "column \($0 + 1)" }, values: values)
  }
}
