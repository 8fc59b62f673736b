import Lathe

/// What became of the weights of a file when a model took them.
public struct LoadReport: Sendable, Hashable, CustomStringConvertible {
  /// A weight that is in both, in another shape or of another type.
  public struct Difference: Sendable, Hashable {
    /// The dotted path.
    public let name: String
    /// Type and shape in the file and in the model: `float32 [10, 50]`.
    public let found: String, expected: String
  }

  /// The weights that were taken.
  public let loaded: [String]
  /// Those of the model that are not in the file.
  public let missing: [String]
  /// Those of the file that the model has not.
  public let unexpected: [String]
  /// Those of both that do not fit.
  public let differing: [Difference]

  /// What a model can take of some values.
  init(_ model: any ParameterContainer, _ values: [String: Tensor]) {
    self.init(model, values.mapValues { TensorSpec($0.shape, $0.dtype) }, converting: false)
  }

  /// What a model can take of values of some types and shapes.
  ///
  /// - Parameter converting: Whether floating-point values of another type are converted.
  init(_ model: any ParameterContainer, _ values: [String: TensorSpec], converting: Bool) {
    let state = model.state
    let names = Set(state.map(\.name))
    var loaded: [String] = []
    var differing: [Difference] = []
    for (name, tensor) in state {
      guard let value = values[name] else { continue }
      let fits =
        value.dtype == tensor.dtype
        || (converting && value.dtype.isFloatingPoint && tensor.dtype.isFloatingPoint)
      if value.shape == tensor.shape && fits {
        loaded.append(name)
      } else {
        differing.append(
          Difference(
            name: name, found: "\(value.dtype) \(value.shape)", expected: "\(tensor.dtype) \(tensor.shape)"))
      }
    }
    self.loaded = loaded
    self.differing = differing
    missing = state.map(\.name).filter { values[$0] == nil }
    unexpected = values.keys.filter { !names.contains($0) }.sorted()
  }

  /// Whether every weight of the model was taken and none is left.
  public var isComplete: Bool { missing.isEmpty && unexpected.isEmpty && differing.isEmpty }

  /// What is wrong, in one clause.
  var problem: String {
    let parts = [
      missing.isEmpty ? nil : "it lacks \(missing.joined(separator: ", "))",
      unexpected.isEmpty ? nil : "it has \(unexpected.joined(separator: ", ")) too many",
      differing.isEmpty
        ? nil
        : differing.map { "\($0.name) is \($0.found), expected \($0.expected)" }.joined(separator: ", "),
    ]
    return parts.compactMap { $0 }.joined(separator: "; ")
  }

  /// A line for the weights taken, and one for each that was not.
  public var description: String {
    (["\(loaded.count) of \(loaded.count + missing.count + differing.count) weights loaded"]
      + missing.map { "not in the file: \($0)" } + unexpected.map { "not in the model: \($0)" }
      + differing.map { "does not fit: \($0.name) is \($0.found), expected \($0.expected)" })
      .joined(separator: "\n")
  }
}
