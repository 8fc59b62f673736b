import Lathe
import LatheNN

extension Trainer {
  /// What a run ends with where a figure is not a number.
  func notFinite(_ what: String, _ value: Double, step: Int) -> LatheError {
    let checkpoint = store.flatMap { store in
      store.steps.first.map { "the last good checkpoint is \(store.path(step: $0))" }
    }
    // The sign of a NaN says nothing.
    let shown = value.isNaN ? "nan" : "\(value)"
    let layer = failingLayer().map { "\($0); " } ?? ""
    return LatheError(
      .training,
      "epoch \(state.epoch + 1), step \(step): the \(what) is \(shown); \(checkpoint ?? "there is no checkpoint yet"); "
        + "\(layer)start anew with a lower learning rate")
  }

  /// A clause naming the innermost layer that first gives a number that is not finite for the last batch.
  func failingLayer() -> String? {
    guard let lastBatch else { return nil }
    var names: [ObjectIdentifier: String] = [:]
    for (path, module) in model.namedModules { names[ObjectIdentifier(module)] = path }
    var found: String?
    let isExact = checksEveryStep
    ForwardObserver.watch { module, _, output in
      guard found == nil, output.dtype.isFloatingPoint, !Trainer.isFinite(output) else { return }
      let type = String(describing: Swift.type(of: module))
      let weights = module.parameters.allSatisfy { Trainer.isFinite($0.value) }
      found =
        "layer \(names[ObjectIdentifier(module)].map { "'\($0)'" } ?? "of the whole model") (\(type)) is the first "
        + "whose output is not finite\(weights ? "" : ", its weights are not either")"
        + (isExact ? "" : " (by weights of a later step; --check-numbers finds the one that made it)")
    } during: {
      noGradient { withPrecision(configuration.precision) { _ = objective(model, lastBatch) } }
    }
    return found
  }

  private static func isFinite(_ tensor: Tensor) -> Bool {
    guard let values = try? tensor.scalars(as: Float.self) else { return true }
    return values.allSatisfy(\.isFinite)
  }
}
