/// Operations whose kernels read operands of 16 bits as they are and round their results, computing in float32.
///
/// For all others the operands are converted to float32 before and the results after.
public struct NarrowOperations: OptionSet, Sendable {
  /// A bit for each.
  public let rawValue: UInt8

  /// A set from its bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Matrix products: both operands of one 16-bit type, the result of that type or of float32, a bias of float32.
  public static let products = NarrowOperations(rawValue: 1)
  /// Convolutions and their gradients: both operands of one 16-bit type, the result of that type or of float32, a filter's
  /// gradient and a bias of float32.
  public static let convolutions = NarrowOperations(rawValue: 2)
  /// Attention: queries, keys, values and the results' gradient of one 16-bit type, and all results but norms.
  public static let attention = NarrowOperations(rawValue: 4)
}

extension Operation {
  /// The set that the operation is one of; empty for those that are in none.
  package var narrowKind: NarrowOperations {
    switch self {
    case .matmul: .products
    case .convolution, .convolutionBackwardInput, .convolutionBackwardFilter: .convolutions
    case .attention, .attentionBackward: .attention
    default: []
    }
  }
}
