import LatheCore
import LatheML

/// The weights that a run starts from, and what of the model is left out of training.
struct FirstWeights {
  private let options: TrainingOptions

  init(_ options: TrainingOptions) { self.options = options }

  /// Takes the weights, freezes what is asked for, and says what did not fit.
  ///
  /// - Throws: `LatheError`: the file cannot be used, a weight does not fit where all must, a pattern chooses nothing, or
  ///   nothing is left to train.
  func apply(to model: any Module, note: (String) -> Void) throws {
    var loaded: [String] = []
    if let path = options.weights {
      let (names, limit) = (WeightNames(removing: options.weightsPrefix), options.memoryLimit)
      if options.partial == true {
        let report = try model.loadMatching(from: path, names: names, converting: true, limit: limit)
        note("\(path): \(report)")
        loaded = report.loaded
      } else {
        try model.load(from: path, names: names, converting: true, limit: limit)
        loaded = model.namedParameters.map(\.name)
      }
    }
    for text in (options.freeze ?? "").split(separator: ",") { try freeze(String(text), loaded, model) }
    guard options.freeze != nil else { return }
    guard model.trainableParameterCount > 0 else {
      throw LatheError(.invalidArgument, "--freeze \(options.freeze ?? "") leaves nothing to train")
    }
    note("\(model.trainableParameterCount) of \(model.parameterCount) parameters are trained")
  }

  private func freeze(_ text: String, _ loaded: [String], _ model: any Module) throws {
    if text == "loaded" {
      guard !loaded.isEmpty else {
        throw LatheError(.invalidArgument, "--freeze loaded: nothing was loaded; name a file with --weights")
      }
      let taken = Set(loaded)
      for (name, parameter) in model.namedParameters where taken.contains(name) { parameter.isFrozen = true }
    } else if model.freeze(matching: PathPattern(text)) == 0 {
      let names = model.namedParameters.map(\.name)
      throw LatheError(
        .invalidArgument,
        "--freeze \(text): no parameter of that path; \(Suggestion.sentence(for: text, among: names))")
    }
  }
}
