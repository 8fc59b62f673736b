import Lathe

/// Anything with parameters, buffers or inner modules: what is trained, counted, saved and moved as a whole.
public protocol ParameterContainer: AnyObject {
  /// Names the parameters, the buffers, the generators and the modules it is made of, always in the same order.
  func visit(_ visitor: inout ModuleVisitor)

  /// Switches between training and evaluation; only modules that differ between the two have work here.
  func setTraining(_ isTraining: Bool)

  /// What `setTraining` said last; nil of a module for which it makes no difference, as where this is not implemented.
  var trainingMode: Bool? { get }

  /// Floating-point operations of one forward pass without those of inner modules, a multiply-add counted as two.
  func operationCount(input: Shape, output: Shape) -> Int
}

/// A part of a network: a function of one tensor with parameters of its own.
///
/// A module is called like a function (`model(x)`); what it computes stands in `forward`.
public protocol Module: ParameterContainer {
  /// Computes the module's result; call the module itself instead, so that observers see it.
  func forward(_ input: Tensor) -> Tensor
}

extension Module {
  /// Applies the module.
  public func callAsFunction(_ input: Tensor) -> Tensor {
    observed(input: input) { forward(input) }
  }
}

extension ParameterContainer {
  /// No parameters and no inner modules.
  public func visit(_ visitor: inout ModuleVisitor) {}

  /// No difference between training and evaluation.
  public func setTraining(_ isTraining: Bool) {}

  /// None of its own.
  public var trainingMode: Bool? { nil }

  /// Nothing worth counting.
  public func operationCount(input: Shape, output: Shape) -> Int { 0 }

  /// Runs a module's computation; hooks may change its result, and whoever observes the forward pass is told of it.
  ///
  /// - Parameters:
  ///   - input: What the module is applied to, the first where there are several.
  ///   - body: The computation.
  public func observed(input: Tensor, _ body: () -> Tensor) -> Tensor {
    let made = body()
    let output = ModuleHooks.current.map { $0.output(of: self, input, made) } ?? made
    ForwardObserver.current?.report(self, input, output)
    return output
  }

  /// Switches this module and all inside it to training.
  public func train() { setMode(true) }

  /// Switches this module and all inside it to evaluation mode.
  public func eval() { setMode(false) }

  /// Runs a function with this module and all inside it in evaluation mode, and puts each back into the mode that it had,
  /// also where the function throws.
  public func inEvalMode<Result>(_ body: () throws -> Result) rethrows -> Result {
    try inMode(false, body)
  }

  /// Runs a function in a mode and puts every module back into its own.
  package func inMode<Result>(_ isTraining: Bool, _ body: () throws -> Result) rethrows -> Result {
    let modules = [self] + ModuleVisitor(self).modules.map(\.module)
    let modes = modules.map(\.trainingMode)
    // What does not tell its mode had that of the others.
    let common = modes.compactMap { $0 }.contains(true) || !modes.contains { $0 != nil }
    setMode(isTraining)
    defer { for (module, mode) in zip(modules, modes) { module.setTraining(mode ?? common) } }
    return try body()
  }

  private func setMode(_ isTraining: Bool) {
    setTraining(isTraining)
    for entry in ModuleVisitor(self).modules { entry.module.setTraining(isTraining) }
  }

  /// Moves parameters and buffers to a device, in place, and returns the module.
  @discardableResult
  public func moved(to device: Device) -> Self {
    let visitor = ModuleVisitor(self)
    for (_, parameter) in visitor.parameters {
      parameter.value = parameter.value.detached().moved(to: device)
    }
    for (_, buffer) in visitor.buffers { buffer.value = buffer.value.moved(to: device) }
    return self
  }
}
