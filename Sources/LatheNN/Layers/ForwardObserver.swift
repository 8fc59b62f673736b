import Lathe

/// Watches the modules that run inside a scope: summaries, and the search for the layer that made a NaN.
package final class ForwardObserver: @unchecked Sendable {
  // Unchecked: `report` is called only inside the `watch` that made the observer, on that thread.

  @TaskLocal static var current: ForwardObserver?

  /// Called with a module, its input and its output; inner modules come before the one they are part of.
  let report: (any ParameterContainer, Tensor, Tensor) -> Void

  private init(_ report: @escaping (any ParameterContainer, Tensor, Tensor) -> Void) { self.report = report }

  /// Runs `body` with an observer.
  package static func watch<R>(
    _ report: @escaping (any ParameterContainer, Tensor, Tensor) -> Void, during body: () throws -> R
  ) rethrows -> R {
    try $current.withValue(ForwardObserver(report), operation: body)
  }
}
