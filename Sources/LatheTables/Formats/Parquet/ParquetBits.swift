/// Reads what a page's bytes encode; places are counted from the page's beginning, and nothing is read beyond its end.
struct ParquetBits {
  /// What is wrong with a page.
  struct Fault: Error {
    let what: String
  }

  let bytes: UnsafeRawBufferPointer
  var place = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var remaining: Int { bytes.count - place }

  /// The next bytes.
  mutating func take(_ count: Int) throws -> UnsafeRawBufferPointer {
    guard count >= 0, count <= remaining else {
      throw Fault(what: "a page that ends \(count - remaining) bytes too early")
    }
    place += count
    return UnsafeRawBufferPointer(rebasing: bytes[place - count..<place])
  }

  /// A length of 32 bits and as many bytes.
  mutating func takeCounted() throws -> UnsafeRawBufferPointer {
    let count = try take(4).loadUnaligned(as: UInt32.self)
    return try take(Int(UInt32(littleEndian: count)))
  }

  /// A number of 7 bits a byte.
  mutating func unsigned() throws -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      let byte = try take(1)[0]
      guard shift < 63 || byte <= 1 else { break }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    throw Fault(what: "a number of more than 64 bits")
  }

  mutating func signed() throws -> Int64 {
    let value = try unsigned()
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }

  /// Numbers in runs: one many times, or a few packed bit by bit.
  mutating func runs<Number: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ target: UnsafeMutableBufferPointer<Number>, width: Int
  ) throws {
    guard width <= min(32, Number.bitWidth) else { throw Fault(what: "numbers of \(width) bits in runs") }
    var done = 0
    while done < target.count {
      let head = try unsigned()
      let left = target.count - done
      if head & 1 == 0 {
        let count = Int(min(head >> 1, UInt64(left)))
        guard count > 0 else { throw Fault(what: "a run of no numbers") }
        var value: UInt32 = 0
        for (index, byte) in try take((width + 7) / 8).enumerated() {
          value |= UInt32(byte) << UInt32(8 * index)
        }
        guard width == 32 || value >> UInt32(width) == 0 else {
          throw Fault(what: "a number of more than \(width) bits")
        }
        target[done..<done + count].update(repeating: Number(truncatingIfNeeded: value))
        done += count
      } else {
        let groups = head >> 1
        guard groups > 0 else { throw Fault(what: "a run of no numbers") }
        let count = Int(
          min(groups.multipliedReportingOverflow(by: 8).overflow ? UInt64(left) : groups * 8, UInt64(left)))
        // Some programs leave out what fills the last group.
        let packed = try take(Self.byteCount(count, width))
        Self.unpack(packed, width, UnsafeMutableBufferPointer(rebasing: target[done..<done + count]))
        done += count
        let filled = groups > UInt64(Int32.max) ? 0 : Int(groups) * width - packed.count
        place += min(max(0, filled), remaining)
      }
    }
  }

  /// The bytes of so many numbers.
  static func byteCount(_ count: Int, _ width: Int) -> Int {
    let (bits, overflow) = count.multipliedReportingOverflow(by: width)
    return overflow ? .max : bits / 8 + (bits % 8 > 0 ? 1 : 0)
  }

  /// Numbers packed bit by bit, the lowest first, of which there are enough.
  static func unpack<Number: FixedWidthInteger & BitwiseCopyable>(
    _ packed: UnsafeRawBufferPointer, _ width: Int, _ target: UnsafeMutableBufferPointer<Number>
  ) {
    if width == 0 { return target.update(repeating: 0) }
    let mask: UInt64 = width == 64 ? .max : 1 << UInt64(width) - 1
    var bit = 0
    for index in target.indices {
      let byte = bit >> 3
      let shift = UInt64(bit & 7)
      var value: UInt64
      if byte + 8 <= packed.count {
        value = UInt64(littleEndian: packed.loadUnaligned(fromByteOffset: byte, as: UInt64.self)) >> shift
        if Int(shift) + width > 64 { value |= UInt64(packed[byte + 8]) << (64 - shift) }
      } else {
        value = 0
        for next in byte..<packed.count { value |= UInt64(packed[next]) << UInt64(8 * (next - byte)) }
        value >>= shift
      }
      target[index] = Number(truncatingIfNeeded: value & mask)
      bit += width
    }
  }

  /// Whole numbers as differences, of which there must be as many as there is room for.
  mutating func differences(_ target: UnsafeMutableBufferPointer<Int64>) throws {
    let (blockSize, parts, count) = (try unsigned(), try unsigned(), try unsigned())
    guard blockSize >= 8, blockSize <= 1 << 20, parts > 0, blockSize % parts == 0, blockSize / parts % 8 == 0
    else {
      throw Fault(what: "differences in blocks of \(blockSize) numbers and \(parts) parts")
    }
    guard count == UInt64(target.count) else {
      throw Fault(what: "\(count) differences where \(target.count) are expected")
    }
    var value = try signed()
    if target.isEmpty { return }
    target[0] = value
    var done = 1
    let partSize = Int(blockSize / parts)
    while done < target.count {
      let least = try signed()
      let widths = try take(Int(parts))
      for width in widths where done < target.count {
        guard width <= 64 else { throw Fault(what: "differences of \(width) bits") }
        let count = min(partSize, target.count - done)
        let whole = Self.byteCount(partSize, Int(width))
        let packed = try take(min(whole, max(remaining, Self.byteCount(count, Int(width)))))
        let room = UnsafeMutableBufferPointer(rebasing: target[done..<done + count])
        Self.unpack(packed, Int(width), room)
        for index in room.indices {
          value = value &+ least &+ room[index]
          room[index] = value
        }
        done += count
      }
    }
  }
}
