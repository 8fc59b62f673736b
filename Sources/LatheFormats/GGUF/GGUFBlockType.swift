import Lathe

/// How elements are stored in a GGUF file, by its number there: alone, or as blocks that share scales.
package enum GGUFBlockType: UInt32, Sendable, CaseIterable {
  case float32 = 0, float16, q4_0, q4_1
  case q5_0 = 6, q5_1, q8_0, q8_1, q2_K, q3_K, q4_K, q5_K, q6_K, q8_K
  case iq2_xxs, iq2_xs, iq3_xxs, iq1_s, iq4_nl, iq3_s, iq2_s, iq4_xs
  case int8, int16, int32, int64, float64, iq1_m, bfloat16
  case tq1_0 = 34, tq2_0
  case mxfp4 = 39

  /// The type as products and `QuantizedTensor` know it; nil of those that they do not know.
  package var blockType: BlockType? {
    switch self {
    case .q4_0: .q4_0
    case .q4_1: .q4_1
    case .q5_0: .q5_0
    case .q5_1: .q5_1
    case .q8_0: .q8_0
    case .q2_K: .q2_K
    case .q3_K: .q3_K
    case .q4_K: .q4_K
    case .q5_K: .q5_K
    case .q6_K: .q6_K
    case .float16: .float16
    case .bfloat16: .bfloat16
    default: nil
    }
  }

  /// Elements of a block.
  package var elementCount: Int {
    if let blockType { return blockType.elementCount }
    return switch self {
    case .float32, .float64, .int8, .int16, .int32, .int64: 1
    case .q8_1, .iq4_nl, .mxfp4: 32
    default: 256
    }
  }

  /// Bytes of a block.
  package var byteCount: Int {
    if let dtype { return dtype.byteCount }
    if let blockType { return blockType.byteCount }
    return switch self {
    case .iq4_nl: 18
    case .q8_1: 36
    case .q8_K: 292
    case .iq2_xxs, .tq2_0: 66
    case .iq2_xs: 74
    case .iq3_xxs: 98
    case .iq1_s: 50
    case .iq3_s: 110
    case .iq2_s: 82
    case .iq4_xs: 136
    case .iq1_m: 56
    case .tq1_0: 54
    case .mxfp4: 17
    default: preconditionFailure("\(name) is known above")
    }
  }

  /// The type of elements that are stored alone; nil of blocks.
  package var dtype: DType? {
    switch self {
    case .float32: .float32
    case .float16: .float16
    case .bfloat16: .bfloat16
    case .float64: .float64
    case .int8: .int8
    case .int16: .int16
    case .int32: .int32
    case .int64: .int64
    default: nil
    }
  }

  /// The name as the format writes it.
  package var name: String {
    switch self {
    case .float32: "F32"
    case .float16: "F16"
    case .bfloat16: "BF16"
    case .float64: "F64"
    case .int8: "I8"
    case .int16: "I16"
    case .int32: "I32"
    case .int64: "I64"
    default: "\(self)".uppercased()
    }
  }
}
