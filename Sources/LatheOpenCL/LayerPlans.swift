#if OpenCL
  import LatheCore
  import Synchronization

  /// How a layer's geometry is mapped to a kernel; found once and kept, since the batch size does not matter.
  final class LayerPlans: Sendable {
    /// A layer's geometry with the batch taken out.
    enum Key: Hashable {
      /// `choice` is the number of the tuned choice, 0 for the built-in parameters.
      case convolution(Convolution2D, backward: Bool, choice: Int)
      case filter(Convolution2D, choice: Int)
      case filterByLanes(Convolution2D)
      case pool(Pool2D, function: String)
      case rows(file: String, function: String, value: Int, streams: Bool, lanes: Int, items: Int)
      case optimizer(String, count: Int, inPlace: Bool)
      case attention(AttentionPlan, function: String)
    }

    private let plans = Mutex<[Key: any Sendable]>([:])

    /// The plan for a key, made at the first call.
    func plan<Plan: Sendable>(_ key: Key, make: () throws -> Plan) throws -> Plan {
      if let found = plans.withLock({ $0[key] as? Plan }) { return found }
      let made = try make()
      plans.withLock { $0[key] = made }
      return made
    }
  }

  /// a / b rounded up.
  func ceilingDivide(_ a: Int, _ b: Int) -> Int { (a + b - 1) / b }

  /// Rounds up to a multiple of `step`.
  func roundedUp(_ value: Int, to step: Int) -> Int { ceilingDivide(value, step) * step }
#endif
