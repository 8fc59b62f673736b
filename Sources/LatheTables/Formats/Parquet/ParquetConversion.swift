import Foundation
import LatheCore
import TableKernels

/// Makes a column's values of stored ones.
enum ParquetConversion {
  /// Converts values of one width, which lie side by side.
  ///
  /// - Returns: The place of one that the type has no room for; nil where all have become values.
  static func run(
    _ plan: ParquetPlan, _ raw: UnsafeRawPointer, _ count: Int, _ target: UnsafeMutableRawPointer
  ) -> Int? {
    switch plan.conversion {
    case .double, .int64:
      target.copyMemory(from: raw, byteCount: 8 * count)
    case .float: target.copyMemory(from: raw, byteCount: 4 * count)
    case .int32: each(raw, count, target, Int32.self) { Int64($0) }
    case .unsigned32: each(raw, count, target, UInt32.self) { Int64($0) }
    case .half: each(raw, count, target, UInt16.self) { half($0) }
    case .unsigned64: return tried(raw, count, target, UInt64.self) { Int64(exactly: $0) }
    case .time(1, 1): target.copyMemory(from: raw, byteCount: 8 * count)
    case .time(let times, let over):
      return tried(raw, count, target, Int64.self) { value in
        let (product, overflow) = value.multipliedReportingOverflow(by: times)
        return overflow ? nil : TimeText.divided(product, over).0
      }
    case .time32(let times):
      return tried(raw, count, target, Int32.self) { value in
        let (product, overflow) = Int64(value).multipliedReportingOverflow(by: times)
        return overflow ? nil : product
      }
    case .decimal32(let scale): each(raw, count, target, Int32.self) { decimal(Int128($0), scale) }
    case .decimal64(let scale): each(raw, count, target, Int64.self) { decimal(Int128($0), scale) }
    case .julian: return julian(raw, count, target)
    case .decimalBytes(let scale):
      let result = target.assumingMemoryBound(to: Double.self)
      for index in 0..<count {
        let bytes = UnsafeRawBufferPointer(start: raw + index * plan.width, count: plan.width)
        guard let value = decimal(bytes, scale) else { return index }
        result[index] = value
      }
    case .bool, .text, .uuid, .nothing: break
    }
    return nil
  }

  @inline(__always) private static func each<From: BitwiseCopyable, To: BitwiseCopyable>(
    _ raw: UnsafeRawPointer, _ count: Int, _ target: UnsafeMutableRawPointer, _: From.Type,
    _ body: (From) -> To
  ) {
    let result = target.assumingMemoryBound(to: To.self)
    for index in 0..<count {
      result[index] = body(raw.loadUnaligned(fromByteOffset: index * MemoryLayout<From>.size, as: From.self))
    }
  }

  @inline(__always) private static func tried<From: BitwiseCopyable, To: BitwiseCopyable>(
    _ raw: UnsafeRawPointer, _ count: Int, _ target: UnsafeMutableRawPointer, _: From.Type,
    _ body: (From) -> To?
  ) -> Int? {
    let result = target.assumingMemoryBound(to: To.self)
    for index in 0..<count {
      guard
        let value = body(raw.loadUnaligned(fromByteOffset: index * MemoryLayout<From>.size, as: From.self))
      else {
        return index
      }
      result[index] = value
    }
    return nil
  }

  private static func julian(_ raw: UnsafeRawPointer, _ count: Int, _ target: UnsafeMutableRawPointer) -> Int?
  {
    let result = target.assumingMemoryBound(to: Int64.self)
    for index in 0..<count {
      let nanoseconds = raw.loadUnaligned(fromByteOffset: 12 * index, as: Int64.self)
      // 1970 began on this day.
      let day = Int64(raw.loadUnaligned(fromByteOffset: 12 * index + 8, as: UInt32.self)) - 2_440_588
      let (product, overflow) = day.multipliedReportingOverflow(by: 86_400_000_000)
      let (sum, isBeyond) = product.addingReportingOverflow(TimeText.divided(nanoseconds, 1000).0)
      guard !overflow, !isBeyond else { return index }
      result[index] = sum
    }
    return nil
  }

  private static func half(_ bits: UInt16) -> Float {
    let sign: Float = bits & 0x8000 == 0 ? 1 : -1
    let exponent = Int(bits >> 10 & 0x1F)
    let fraction = Float(bits & 0x3FF) / 1024
    switch exponent {
    case 0: return sign * fraction * 0x1p-14
    case 31: return fraction == 0 ? sign * .infinity : .nan
    default: return sign * (1 + fraction) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
    }
  }

  /// A whole number in bytes, the highest first, divided by a power of ten; nil where it has more than 128 bits.
  static func decimal(_ bytes: UnsafeRawBufferPointer, _ scale: Int) -> Double? {
    guard (1...16).contains(bytes.count) else { return nil }
    var value: Int128 = Int8(bitPattern: bytes[0]) < 0 ? -1 : 0
    for byte in bytes { value = value << 8 | Int128(byte) }
    return decimal(value, scale)
  }

  /// The number nearest to a whole one divided by a power of ten.
  static func decimal(_ value: Int128, _ scale: Int) -> Double {
    // Both are exact, so that the quotient is rounded once.
    if scale <= 22, value.magnitude <= 1 << 53 { return Double(Int64(value)) / pow(10, Double(scale)) }
    var result = 0.0
    let text = Array("\(value)e-\(scale)".utf8)
    _ = lathe_parse_float64(text, text.count, UInt8(ascii: "."), &result)
    return result
  }

  /// The usual text of an identifier of 16 bytes.
  static func uuid(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for (index, byte) in bytes.enumerated() {
      if [4, 6, 8, 10].contains(index) { text.append(UInt8(ascii: "-")) }
      text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
    return text
  }
}
