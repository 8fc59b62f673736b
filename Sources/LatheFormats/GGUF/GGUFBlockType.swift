import Lathe

/// How elements are stored in a GGUF file, by its number there: alone, or as blocks that share scales.
package enum GGUFBlockType: UInt32, Sendable, CaseIterable {
  case float32 = 0, float16, q4_0, q4_1
  case q5_0 = 6, q5_1, q8_0, q8_1, q2_K, q3_K, q4_K, q5_K, q6_K, q8_K
  case iq2_xxs, iq2_xs, iq3_xxs, iq1_s, iq4_nl, iq3_s, iq2_s, iq4_xs
  case int8, int16, int32, int64, float64, iq1_m, bfloat16
  case tq1_0 = 34, tq2_0
  case mxfp4 = 39

  /// Elements of a block.
  package var elementCount: Int {
    switch self {
    case .float32, .float16, .bfloat16, .float64, .int8, .int16, .int32, .int64: 1
    case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .q8_1, .iq4_nl, .mxfp4: 32
    default: 256
    }
  }

  /// Bytes of a block.
  package var byteCount: Int {
    switch self {
    case .float32, .int32: 4
    case .float16, .bfloat16, .int16: 2
    case .float64, .int64: 8
    case .int8: 1
    case .q4_0, .iq4_nl: 18
    case .q4_1: 20
    case .q5_0: 22
    case .q5_1: 24
    case .q8_0: 34
    case .q8_1: 36
    case .q2_K: 84
    case .q3_K: 110
    case .q4_K: 144
    case .q5_K: 176
    case .q6_K: 210
    case .q8_K: 292
    case .iq2_xxs: 66
    case .iq2_xs: 74
    case .iq3_xxs: 98
    case .iq1_s: 50
    case .iq3_s: 110
    case .iq2_s: 82
    case .iq4_xs: 136
    case .iq1_m: 56
    case .tq1_0: 54
    case .tq2_0: 66
    case .mxfp4: 17
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
