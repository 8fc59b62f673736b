import Lathe

/// Trigonometry, bits, floor division and masks, by PyTorch's names.
let bitOperations: [String: FixtureOperation] = [
  "tan": { x, _ in [x[0].tan()] },
  "asin": { x, _ in [x[0].asin()] },
  "acos": { x, _ in [x[0].acos()] },
  "atan": { x, _ in [x[0].atan()] },
  "sinh": { x, _ in [x[0].sinh()] },
  "cosh": { x, _ in [x[0].cosh()] },
  "asinh": { x, _ in [x[0].asinh()] },
  "acosh": { x, _ in [x[0].acosh()] },
  "atanh": { x, _ in [x[0].atanh()] },
  "atan2": { x, _ in [x[0].atan2(x[1])] },
  "floor_divide": { x, _ in [x[0].floorDivide(x[1])] },
  "bitwise_and": { x, _ in [x[0] & x[1]] },
  "bitwise_or": { x, _ in [x[0] | x[1]] },
  "bitwise_xor": { x, _ in [x[0] ^ x[1]] },
  "bitwise_not": { x, _ in [~x[0]] },
  "shift_left": { x, _ in [x[0] << x[1]] },
  "shift_right": { x, _ in [x[0] >> x[1]] },
  "isfinite": { x, _ in [x[0].isFinite()] },
  "isinf": { x, _ in [x[0].isInfinite()] },
  "masked_fill": { x, p in [x[0].maskedFill(x[1], Float(try p.number("value")))] },
  "where_else": { x, p in [Tensor.where(x[0], x[1], Float(try p.number("value")))] },
  "where_then": { x, p in [Tensor.where(x[0], Float(try p.number("value")), x[1])] },
]
