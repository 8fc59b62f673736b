import Glibc
import Lathe

/// A function of one number in both worlds.
private struct UnaryRow: Sendable {
  var name: String
  var values: Values
  var isSmooth: Bool
  var isDifferentiable: Bool
  var run: @Sendable (Tensor) -> Tensor
  var reference: @Sendable (Double) -> Double

  init(
    _ name: String, _ values: Values, smooth: Bool = true, differentiable: Bool = true,
    _ run: @escaping @Sendable (Tensor) -> Tensor, _ reference: @escaping @Sendable (Double) -> Double
  ) {
    self.name = name
    self.values = values
    isSmooth = smooth
    isDifferentiable = differentiable
    self.run = run
    self.reference = reference
  }
}

private let rows: [UnaryRow] = [
  UnaryRow("negate", .uniform(-3, 3), { -$0 }, { -$0 }),
  UnaryRow("abs", .signed(0.1, 3), smooth: false, { $0.abs() }, { Swift.abs($0) }),
  UnaryRow("sign", .signed(0.1, 3), smooth: false, { $0.sign() }, Scalar.sign),
  UnaryRow("exp", .uniform(-5, 5), { $0.exp() }, { Glibc.exp($0) }),
  UnaryRow("expm1", .uniform(-2, 2), { $0.expm1() }, { Glibc.expm1($0) }),
  UnaryRow("log", .uniform(0.2, 20), { $0.log() }, { Glibc.log($0) }),
  UnaryRow("log1p", .uniform(-0.8, 20), { $0.log1p() }, { Glibc.log1p($0) }),
  UnaryRow("sqrt", .uniform(0.2, 20), { $0.sqrt() }, { $0.squareRoot() }),
  UnaryRow("rsqrt", .uniform(0.2, 20), { $0.rsqrt() }, { 1 / $0.squareRoot() }),
  UnaryRow("square", .uniform(-3, 3), { $0.square() }, { $0 * $0 }),
  UnaryRow("reciprocal", .signed(0.5, 3), { $0.reciprocal() }, { 1 / $0 }),
  UnaryRow("sin", .uniform(-12, 12), { $0.sin() }, { Glibc.sin($0) }),
  UnaryRow("cos", .uniform(-12, 12), { $0.cos() }, { Glibc.cos($0) }),
  UnaryRow("tan", .uniform(-1.3, 1.3), { $0.tan() }, { Glibc.tan($0) }),
  UnaryRow("asin", .uniform(-0.9, 0.9), { $0.asin() }, { Glibc.asin($0) }),
  UnaryRow("acos", .uniform(-0.9, 0.9), { $0.acos() }, { Glibc.acos($0) }),
  UnaryRow("atan", .uniform(-4, 4), { $0.atan() }, { Glibc.atan($0) }),
  UnaryRow("sinh", .uniform(-3, 3), { $0.sinh() }, { Glibc.sinh($0) }),
  UnaryRow("cosh", .uniform(-3, 3), { $0.cosh() }, { Glibc.cosh($0) }),
  UnaryRow("asinh", .uniform(-4, 4), { $0.asinh() }, { Glibc.asinh($0) }),
  UnaryRow("acosh", .uniform(1.2, 4), { $0.acosh() }, { Glibc.acosh($0) }),
  UnaryRow("atanh", .uniform(-0.9, 0.9), { $0.atanh() }, { Glibc.atanh($0) }),
  UnaryRow(
    "floorDivideNumber", .list([-3.5, -0.25, 0.25, 1, 2.5, 4]), smooth: false, { $0.floorDivide(0.75) * $0 }
  ) {
    ($0 / 0.75).rounded(.down) * $0
  },
  UnaryRow("selectNumber", .signed(0.1, 3), smooth: false, { Tensor.where($0 .> 0, $0, 0.5) }) {
    $0 > 0 ? $0 : 0.5
  },
  UnaryRow("selectNumberFirst", .signed(0.1, 3), smooth: false, { Tensor.where($0 .> 0, 2, $0) }) {
    $0 > 0 ? 2 : $0
  },
  UnaryRow("maskedFill", .signed(0.1, 3), smooth: false, { $0.maskedFill($0 .< 0, -1) }) { $0 < 0 ? -1 : $0 },
  UnaryRow("tanh", .uniform(-4, 4), { $0.tanh() }, { Glibc.tanh($0) }),
  UnaryRow("sigmoid", .uniform(-8, 8), { $0.sigmoid() }, Scalar.sigmoid),
  UnaryRow("erf", .uniform(-3, 3), { $0.erf() }, { Glibc.erf($0) }),
  UnaryRow("relu", .signed(0.1, 3), smooth: false, { $0.relu() }, Scalar.relu),
  UnaryRow(
    "leakyReLU", .signed(0.1, 3), smooth: false, { $0.leakyReLU(slope: 0.25) }, { Scalar.leakyReLU($0, 0.25) }
  ),
  UnaryRow("elu", .signed(0.1, 3), { $0.elu(alpha: 1.5) }, { Scalar.elu($0, 1.5) }),
  UnaryRow("gelu", .uniform(-4, 4), { $0.gelu() }, Scalar.gelu),
  UnaryRow("geluTanh", .uniform(-4, 4), { $0.gelu(approximation: .tanh) }, Scalar.geluTanh),
  UnaryRow("silu", .uniform(-8, 8), { $0.silu() }, Scalar.silu),
  UnaryRow("softplus", .uniform(-8, 8), { $0.softplus() }, Scalar.softplus),
  UnaryRow("floor", .signed(0.1, 0.9), smooth: false, { ($0 * 3).floor() }, { ($0 * 3).rounded(.down) }),
  UnaryRow("ceil", .uniform(-8, 8), differentiable: false, { $0.ceil() }, { $0.rounded(.up) }),
  UnaryRow("round", .uniform(-8, 8), differentiable: false, { $0.round() }, Scalar.round),
  UnaryRow("clamped", .list([-3, -1.7, -0.6, 0.1, 0.4, 1.6, 2]), smooth: false, { $0.clamped(-1.5, 0.5) }) {
    Scalar.clamp($0, -1.5, 0.5)
  },
  UnaryRow("plusNumber", .uniform(-3, 3), { $0 + 0.5 }, { $0 + 0.5 }),
  UnaryRow("numberMinus", .uniform(-3, 3), { 1.5 - $0 }, { 1.5 - $0 }),
  UnaryRow("timesNumber", .uniform(-3, 3), { 2.5 * $0 }, { 2.5 * $0 }),
  UnaryRow("numberOver", .signed(0.5, 3), { 1.5 / $0 }, { 1.5 / $0 }),
  UnaryRow("overNumber", .signed(0.5, 3), { $0 / 3 }, { $0 / 3 }),
  UnaryRow("powNumber", .uniform(0.3, 3), { $0.pow(2.5) }, { Glibc.pow($0, 2.5) }),
  UnaryRow("powWhole", .signed(0.3, 3), { $0.pow(3) }, { $0 * $0 * $0 }),
  UnaryRow("maximumNumber", .signed(0.1, 3), smooth: false, { $0.maximum(0.05) }, { Swift.max($0, 0.05) }),
  UnaryRow("minimumNumber", .signed(0.1, 3), smooth: false, { $0.minimum(0.05) }, { Swift.min($0, 0.05) }),
  UnaryRow("remainderNumber", .list([-3.5, -0.25, 0.25, 1, 2.5, 4]), smooth: false, { $0 % 0.75 }) {
    Scalar.remainder($0, 0.75)
  },
]

extension OpCase {
  /// Every function of one number: on a size that leaves a tail behind full vectors, with its gradients.
  static let unaryCases: [OpCase] =
    rows.flatMap { row in
      let run: @Sendable ([Tensor]) -> Tensor = { row.run($0[0]) }
      let reference: @Sendable ([NDArray]) -> NDArray = { $0[0].map(row.reference) }
      return [
        OpCase(
          "\(row.name) [65]", [.float([65], row.values)], gradient: row.isDifferentiable ? [0] : [],
          secondOrder: row.isSmooth && row.isDifferentiable, run: run, reference: reference),
        OpCase("\(row.name) [3, 257]", [.float([3, 257], row.values)], run: run, reference: reference),
      ]
    } + exponentialSizes

  /// One function on every edge size, scalars and no elements included.
  private static let exponentialSizes: [OpCase] = [
    [], [0], [1], [7], [31], [32], [33], [63, 1], [64], [5, 0], [93, 3], [256], [2, 3, 4, 5], [1, 1, 1, 7],
    [4099],
    [2, 3, 1, 2, 1, 3, 2, 2],
  ].map { shape in
    OpCase(
      "exp \(shape)", [.float(shape)], gradient: shape.reduce(1, *) <= 64 ? [0] : [],
      views: [[33], [93, 3], [2, 3, 4, 5]].contains(shape),
      run: { $0[0].exp() }, reference: { $0[0].map { Glibc.exp($0) } })
  }

  /// NaN, infinities, zeros and the ends of the range.
  static let unarySpecialValueCases: [OpCase] = {
    let special: [Double] = [
      .nan, .infinity, -.infinity, 0, -0.0, 1, -1, 1e-20, -1e-20, 88.5, -104, 3e38, -3e38,
    ]
    func make(
      _ name: String, _ list: [Double], dtype: DType = .float32,
      _ run: @escaping @Sendable (Tensor) -> Tensor,
      _ reference: @escaping @Sendable (Double) -> Double
    ) -> OpCase {
      OpCase(
        "\(name) special values", [.float([list.count], .list(list))], dtype: dtype,
        run: { run($0[0]) }, reference: { $0[0].map { Double(Float(reference($0))) } })
    }
    let exact = Tolerance(4e-6, floor: 1e-30)
    let small: [Double] = [1e-12, -1e-9, 1e-6, -1e-4, 1e-3, 0.01, -0.05, 0.1, 0.3]
    var cases = [
      make("negate", special, { -$0 }, { -$0 }),
      make("abs", special, { $0.abs() }, { Swift.abs($0) }),
      make("sign", special, { $0.sign() }, Scalar.sign),
      make("exp", special, { $0.exp() }, { Glibc.exp($0) }),
      make("expm1", special, { $0.expm1() }, { Glibc.expm1($0) }),
      make("log", special, { $0.log() }, { Glibc.log($0) }),
      make("log1p", special, { $0.log1p() }, { Glibc.log1p($0) }),
      make("sqrt", special, { $0.sqrt() }, { $0.squareRoot() }),
      make("rsqrt", special.filter { $0 != 0 || $0.sign == .plus }, { $0.rsqrt() }, { 1 / $0.squareRoot() }),
      make("tanh", special, { $0.tanh() }, { Glibc.tanh($0) }),
      make("sigmoid", special, { $0.sigmoid() }, Scalar.sigmoid),
      make("erf", special, { $0.erf() }, { Glibc.erf($0) }),
      make("relu", special, { $0.relu() }, Scalar.relu),
      make("gelu", special, { $0.gelu() }, Scalar.gelu),
      make("silu", special, { $0.silu() }, Scalar.silu),
      make("softplus", special, { $0.softplus() }, Scalar.softplus),
      make(
        "floor", special.filter { Swift.abs($0) > 1e-10 || $0 == 0 }, { $0.floor() }, { $0.rounded(.down) }),
      make("round", [0.5, 1.5, 2.5, -0.5, -1.5, .nan, .infinity, 8388609], { $0.round() }, Scalar.round),
      make("isNaN", special, dtype: .bool, { $0.isNaN() }, { Scalar.truth($0.isNaN) }),
      make("isFinite", special, dtype: .bool, { $0.isFinite() }, { Scalar.truth($0.isFinite) }),
      make("isInfinite", special, dtype: .bool, { $0.isInfinite() }, { Scalar.truth($0.isInfinite) }),
      make("floorDivide by 0", special.filter { $0 != 0 }, { $0.floorDivide(Float(0)) }, { $0 / 0 }),
      make("clamped", special, { $0.clamped(-2, 2) }, { Scalar.clamp($0, -2, 2) }),
      make("clamped above", special, { $0.clamped(nil as Float?, 2) }, { Scalar.clamp($0, -.infinity, 2) }),
      make("maximum", special, { $0.maximum(0.5) }, { Scalar.maximum($0, 0.5) }),
      make("minimum", special, { $0.minimum(0.5) }, { Scalar.minimum($0, 0.5) }),
    ]
    // Near 0 these must keep their relative precision, which is what they are for.
    let precise: [OpCase] = [
      make("expm1 small", small, { $0.expm1() }, { Glibc.expm1($0) }),
      make("log1p small", small, { $0.log1p() }, { Glibc.log1p($0) }),
      make("tanh small", small, { $0.tanh() }, { Glibc.tanh($0) }),
      make("erf small", small, { $0.erf() }, { Glibc.erf($0) }),
      make("sin small", small, { $0.sin() }, { Glibc.sin($0) }),
      make("exp range", [-80, -40, -10, 10, 40, 80], { $0.exp() }, { Glibc.exp($0) }),
    ].map {
      var opCase = $0
      opCase.tolerance = exact
      return opCase
    }
    cases += precise
    return cases
  }()
}
