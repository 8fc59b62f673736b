import LatheCore
import Synchronization

/// An entry of the tape: how a tensor was made, and how its gradient becomes those of its inputs.
final class GradientNode: @unchecked Sendable {
  // Unchecked: `inputs`, `pullback` and `savedOutput` change only in the walk that owns the node and in
  // `deinit`; walking one graph from two threads at once is the caller's mistake, as documented.

  /// Turns the output's gradient into one per input (nil: none), given the output where it was saved.
  typealias Pullback = @Sendable (_ gradient: Tensor, _ output: Tensor?) -> [Tensor?]

  private static let counter = Atomic<Int>(0)

  /// Rises with creation, so that consumers always have a larger number than what they consume.
  let id: Int
  /// The operation, for messages.
  let name: StaticString
  let shape: Shape
  let dtype: DType
  let device: Device
  var inputs: [GradientNode?]
  var pullback: Pullback?
  /// The output's memory, without its node: holding that would be a cycle.
  var savedOutput: Tensor?

  init(
    name: StaticString, of output: Tensor, inputs: [GradientNode?] = [], savesOutput: Bool = false,
    pullback: Pullback? = nil
  ) {
    id = Self.counter.wrappingAdd(1, ordering: .relaxed).newValue
    self.name = name
    shape = output.shape
    dtype = output.dtype
    device = output.device
    self.inputs = inputs
    self.pullback = pullback
    if savesOutput { savedOutput = output.detached() }
  }

  /// A number above those of all nodes so far and not above those to come.
  static var nextID: Int { counter.load(ordering: .relaxed) + 1 }

  /// Lets go of what was saved for the gradient.
  func free() {
    pullback = nil
    savedOutput = nil
  }

  // A long chain would overflow the stack if each node released the next: take the chain apart in a loop.
  deinit {
    var chain = inputs
    inputs = []
    pullback = nil
    while !chain.isEmpty {
      // Moved out of the list: a second reference would make it look shared.
      guard var node = chain.removeLast() else { continue }
      if isKnownUniquelyReferenced(&node) {
        chain.append(contentsOf: node.inputs)
        node.inputs = []
        node.pullback = nil
      }
    }
  }
}

/// Whether operations are recorded; changed by `noGradient`.
enum GradientMode {
  @TaskLocal static var isRecording = true
}

/// Runs `body` without recording operations for gradients.
public func noGradient<R>(_ body: () throws -> R) rethrows -> R {
  try GradientMode.$isRecording.withValue(false, operation: body)
}

extension Tensor {
  /// The tensor with a tape entry if one of the inputs it was made from has one.
  func recorded(
    _ name: StaticString, _ inputs: [Tensor], savesOutput: Bool = false,
    pullback: @escaping GradientNode.Pullback
  ) -> Tensor {
    guard Tensor.isTracked(inputs) else { return self }
    var result = self
    result.node = GradientNode(
      name: name, of: self, inputs: inputs.map(\.node), savesOutput: savesOutput, pullback: pullback)
    return result
  }

  /// Whether an operation on these tensors must be recorded.
  static func isTracked(_ inputs: [Tensor]) -> Bool {
    for input in inputs where input.node != nil { return GradientMode.isRecording }
    return false
  }
}
