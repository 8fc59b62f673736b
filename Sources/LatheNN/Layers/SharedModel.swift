import Lathe

/// A model that several tasks use at the same time.
///
/// Modules are no `Sendable` types: training changes them. This takes a model over from whoever made it, puts it into
/// evaluation mode, and lends it to any number of calls at once; in evaluation a model keeps nothing of a call.
///
/// ```swift
/// let shared = SharedModel(network)
/// async let first = shared { $0(x) }
/// async let second = shared { $0(y) }
/// ```
public final class SharedModel<Content>: @unchecked Sendable {
  // Nothing but the calls reaches it, and each of them reads.
  private let content: Content

  /// Shares what is in evaluation mode.
  package init(inEvalMode content: sending Content) { self.content = content }

  /// Runs a function of the model, beside other calls and without recording for gradients.
  ///
  /// - Parameters:
  ///   - body: What is computed. It must leave the model as it is, with no training mode and no parameters set, and not
  ///     return it. What changes from token to token, such as a `KeyValueCache`, belongs to the caller.
  public func callAsFunction<Result>(_ body: (Content) throws -> Result) rethrows -> Result {
    try noGradient { try body(content) }
  }
}

extension SharedModel where Content: ParameterContainer {
  /// Takes a module over, in evaluation mode.
  ///
  /// - Parameter module: The module, which nothing else refers to.
  public convenience init(_ module: sending Content) {
    module.eval()
    self.init(inEvalMode: module)
  }
}

extension SharedModel where Content == any Module {
  /// Takes a module of any type over, in evaluation mode.
  ///
  /// - Parameter module: The module, which nothing else refers to.
  public convenience init(_ module: sending any Module) {
    module.eval()
    self.init(inEvalMode: module)
  }
}
