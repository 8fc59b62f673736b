import Glibc

/// The angles of sinusoidal and rotary positions: position * base^(-i / half), row-major [length, half], in double
/// since float32 loses the angle at large positions.
package enum SinusoidTable {
  package static func angles(_ length: Int, _ half: Int, offset: Int = 0, base: Double = 10_000) -> [Double] {
    let frequencies = (0..<half).map { pow(base, -Double($0) / Double(half)) }
    return (0..<length).flatMap { t in frequencies.map { Double(offset + t) * $0 } }
  }

  package static func sine(_ angle: Double) -> Float { Float(sin(angle)) }
  package static func cosine(_ angle: Double) -> Float { Float(cos(angle)) }
}
