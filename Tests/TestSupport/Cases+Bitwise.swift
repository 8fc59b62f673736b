import Lathe

extension OpCase {
  /// Bits of whole numbers and bools.
  static let bitwiseCases: [OpCase] = {
    var cases: [OpCase] = []
    func add(
      _ name: String, _ types: [DType], _ values: Values, _ other: Values, views: Bool = false,
      _ run: @escaping @Sendable (Tensor, Tensor) -> Tensor,
      _ reference: @escaping @Sendable (Int64, Int64) -> Int64
    ) {
      for dtype in types {
        cases.append(
          OpCase(
            "\(name) \(dtype)", [InputSpec([5, 13], dtype, values), InputSpec([13], dtype, other)],
            dtype: dtype,
            views: views && dtype == .int32, run: { run($0[0], $0[1]) },
            reference: { x in
              NDArray.zip(x[0], x[1]) { a, b in
                // As the type holds it.
                let bits = reference(Int64(a), Int64(b))
                return switch dtype {
                case .bool: Scalar.truth(bits != 0)
                case .uint8: Double(UInt8(truncatingIfNeeded: bits))
                case .int32: Double(Int32(truncatingIfNeeded: bits))
                default: Double(bits)
                }
              }
            }))
      }
    }
    let signed: [DType] = [.int32, .int64]
    add("bitwiseAnd", signed, .integers(-99, 99), .integers(-99, 99), views: true, { $0 & $1 }, &)
    add("bitwiseOr", signed, .integers(-99, 99), .integers(-99, 99), { $0 | $1 }, |)
    add("bitwiseXor", signed, .integers(-99, 99), .integers(-99, 99), { $0 ^ $1 }, ^)
    add("bits of one byte", [.uint8], .integers(0, 255), .integers(0, 255), { ($0 & $1) ^ ~($0 | $1) }) {
      ($0 & $1) ^ ~($0 | $1)
    }
    add("bits", [.bool], .bools, .bools, { (~$0 & $1) | ($0 ^ true) }) { (1 - $0) & $1 | (1 - $0) }
    add("bitwiseNot", signed, .integers(-99, 99), .integers(0, 0), { ~($0 | $1) }) { ~($0 | $1) }
    add("bits of numbers", signed, .integers(-99, 99), .integers(0, 0), { (($0 + $1) & 12 | 3) ^ 7 }) {
      (($0 + $1) & 12 | 3) ^ 7
    }
    add("shiftLeft", [.uint8, .int32, .int64], .integers(0, 99), .integers(-1, 12), { $0 << $1 }) {
      $1 < 0 ? 0 : $0 << $1
    }
    add("shiftRight", signed, .integers(-9999, 9999), .integers(-1, 12), { $0 >> $1 }) {
      $1 < 0 ? ($0 < 0 ? -1 : 0) : $0 >> $1
    }
    add("shifts beyond", signed, .integers(-9999, 9999), .integers(64, 70), { ($0 << $1) + ($0 >> $1) }) {
      a, _ in
      a < 0 ? -1 : 0
    }
    add("shifts by numbers", signed, .integers(-9999, 9999), .integers(0, 0), { (($0 + $1) << 3) >> 5 }) {
      (($0 + $1) << 3) >> 5
    }
    add("floorDivide", signed, .integers(-99, 99), .list([3, -3, 7, -7, 1, -1, 0]), { $0.floorDivide($1) }) {
      a, b in
      b == 0 ? 0 : Int64((Double(a) / Double(b)).rounded(.down))
    }
    add("floorDivide", [.uint8], .integers(0, 255), .integers(1, 20), { $0.floorDivide($1) }, /)
    return cases
  }()
}
