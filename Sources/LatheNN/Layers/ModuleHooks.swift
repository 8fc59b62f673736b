import Lathe

/// A call of a module that a forward hook is told of.
public struct ModuleCall {
  /// The module's dotted path below the one that the hook was set on; empty for that one.
  public let path: String
  /// The module.
  public let module: any ParameterContainer
  /// What it was applied to, the first where there are several.
  public let input: Tensor
  /// What it gave.
  public let output: Tensor
}

extension ParameterContainer {
  /// Calls a function for each call of modules inside this one that `body` makes: to look at what they compute, to keep it, or
  /// to put something else in its place.
  ///
  /// Hooks hold in `body` alone and on its thread, so that none is left behind; those set further in see a result first.
  /// ```swift
  /// model.withForwardHook("encoder.layers.*") { features[$0.path] = $0.output; return nil } during: { model(x) }
  /// ```
  /// - Parameters:
  ///   - pattern: Matches the paths of modules as a whole; the module itself has the empty path.
  ///   - hook: Gets each call behind those of inner modules; what it gives takes the place of the output, nil leaves it.
  ///   - body: Calls the model.
  /// - Returns: What `body` gives.
  public func withForwardHook<Result>(
    _ pattern: PathPattern = "*", _ hook: @escaping (ModuleCall) -> Tensor?, during body: () throws -> Result
  ) rethrows -> Result {
    try ModuleHooks.with(self, pattern, hook, during: body)
  }

  /// Calls a function with the gradient of each output of modules inside this one that `body` computes, when the backward pass
  /// gets there: to look at it, or to change what flows on from there.
  ///
  /// - Parameters:
  ///   - pattern: Matches the paths of modules as a whole; the module itself has the empty path.
  ///   - hook: Gets the module's path and the gradient of its output; what it gives takes the gradient's place, nil leaves
  ///     it.
  ///   - body: Calls the model; the backward pass may come later.
  /// - Returns: What `body` gives.
  public func withGradientHook<Result>(
    _ pattern: PathPattern = "*", _ hook: @escaping @Sendable (_ path: String, _ gradient: Tensor) -> Tensor?,
    during body: () throws -> Result
  ) rethrows -> Result {
    try ModuleHooks.with(
      self, pattern,
      { call in
        let path = call.path
        return call.output.withGradientHook { hook(path, $0) }
      }, during: body)
  }
}

extension Tensor {
  /// The same tensor, whose gradient goes through a function.
  ///
  /// - Parameter hook: Gets the gradient in the backward pass; what it gives takes its place, nil leaves it.
  public func withGradientHook(_ hook: @escaping @Sendable (Tensor) -> Tensor?) -> Tensor {
    CustomOperation(
      "gradientHook", saving: [], forward: { $0 },
      backward: { pass in [hook(pass.gradients[0]) ?? pass.gradients[0]] }
    )(self)
  }
}

/// The hooks of a scope.
final class ModuleHooks: @unchecked Sendable {
  // Unchecked: hooks are called only inside the `with` that made this, on that thread.

  @TaskLocal static var current: ModuleHooks?

  private let paths: [ObjectIdentifier: String]
  private let hook: (ModuleCall) -> Tensor?
  private let outer: ModuleHooks?

  private init(_ paths: [ObjectIdentifier: String], _ hook: @escaping (ModuleCall) -> Tensor?) {
    self.paths = paths
    self.hook = hook
    outer = ModuleHooks.current
  }

  static func with<Result>(
    _ root: any ParameterContainer, _ pattern: PathPattern, _ hook: @escaping (ModuleCall) -> Tensor?,
    during body: () throws -> Result
  ) rethrows -> Result {
    let all = [(path: "", module: root)] + root.namedModules
    let chosen = all.filter { pattern.matchesWhole($0.path) }
    require(
      !chosen.isEmpty,
      "hook: no module inside \(type(of: root)) is called '\(pattern.text)'; the paths are "
        + all.dropFirst().map(\.path).joined(separator: ", "))
    // A module in two places is told of under the path met first.
    let paths = Dictionary(
      chosen.map { (ObjectIdentifier($0.module), $0.path) }, uniquingKeysWith: { first, _ in first })
    return try $current.withValue(ModuleHooks(paths, hook), operation: body)
  }

  /// What the hooks make of a module's output.
  func output(of module: any ParameterContainer, _ input: Tensor, _ made: Tensor) -> Tensor {
    var output = made
    if let path = paths[ObjectIdentifier(module)] {
      output = hook(ModuleCall(path: path, module: module, input: input, output: made)) ?? made
    }
    return outer.map { $0.output(of: module, input, output) } ?? output
  }
}
