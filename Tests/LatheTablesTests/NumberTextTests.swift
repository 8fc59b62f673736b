import Foundation
import TableKernels
import Testing

@Suite("Texts of numbers and times")
struct NumberTextTests {
  private func float64(_ text: String) -> Double? {
    var value = 0.0
    let bytes = Array(text.utf8)
    return lathe_parse_float64(bytes, bytes.count, UInt8(ascii: "."), &value) ? value : nil
  }

  private func float32(_ text: String) -> Float? {
    var value: Float = 0
    let bytes = Array(text.utf8)
    return lathe_parse_float32(bytes, bytes.count, UInt8(ascii: "."), &value) ? value : nil
  }

  private func agrees(_ text: String) -> Bool {
    float64(text)?.bitPattern == strtod(text, nil).bitPattern
      && float32(text)?.bitPattern == strtof(text, nil).bitPattern
  }

  @Test("Rounded as the C library rounds")
  func random() {
    var random = SeededNumbers(1)
    var wrong: [String] = []
    func check(_ text: String) { if !agrees(text) { wrong.append(text) } }
    for _ in 0..<60_000 {
      let number = Double(bitPattern: random.next())
      if number.isFinite { check("\(number)") }
      let narrow = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
      if narrow.isFinite { check("\(narrow)") }
      let digits = (0..<Int.random(in: 1...30, using: &random)).map { _ in
        String(Int.random(in: 0...9, using: &random))
      }
      let point = Int.random(in: 0...digits.count, using: &random)
      let sign = ["", "-", "+"].randomElement(using: &random) ?? ""
      check(sign + digits[..<point].joined() + "." + digits[point...].joined())
      check(digits.joined() + "e\(Int.random(in: -345...310, using: &random))")
      // Just between two numbers, where all digits count.
      let near = Double(Float(bitPattern: UInt32.random(in: 0x2000_0000..<0x6000_0000, using: &random)))
      check("\((near + Double(Float(near).nextUp)) / 2)")
    }
    #expect(wrong.isEmpty, "\(wrong.prefix(5))")
  }

  @Test("Corners")
  func corners() {
    for text in [
      "0", "-0", "0.0", "1e-400", "1e400", "-1e400", "4.9e-324", "2.4703282292062327e-324",
      "2.4703282292062328e-324",
      "2.2250738585072011e-308", "2.2250738585072012e-308", "1.7976931348623157e308",
      "1.7976931348623159e308",
      "9007199254740993", "9007199254740992.999999999999999999", "18446744073709551615",
      "18446744073709551616",
      "0.000000000000000000000000000000000000000000000001234567890123456789", "1e22", "1e23", "123456789e-5",
      "3e0",
      "6.631236846766476e-316", "3.2378839133029012895883524125015321748630094e-319", "5e-1", "1e+5",
      "00001.5",
    ] { #expect(agrees(text), "\(text)") }
    for text in [
      "", "-", ".", "e5", "1e", "1e+", "1.2.3", "0x10", "1_000", "nan", "1 ", "--1", "1e5.0", "infinit", "١",
    ] {
      #expect(float64(text) == nil, "\(text)")
    }
    #expect(float64("-Infinity") == -.infinity)
    #expect(float64("INF") == .infinity)
  }

  @Test("Whole numbers")
  func integers() {
    func integer(_ text: String) -> Int64? {
      var value: Int64 = 0
      // The kernel looks at eight bytes at a time.
      return lathe_parse_int64(Array(text.utf8) + Array(repeating: 0, count: 8), text.utf8.count, &value)
        ? value : nil
    }
    for value in [0, 1, -1, .max, .min, 12_345_678, -123_456_789_012] as [Int64] {
      #expect(integer("\(value)") == value)
    }
    #expect(integer("+7") == 7)
    #expect(integer("0000000000000000000000000042") == 42)
    for text in [
      "9223372036854775808", "-9223372036854775809", "99999999999999999999999", "", "-", "1.0", "1e3",
      "12345678x",
    ] {
      #expect(integer(text) == nil, "\(text)")
    }
  }

  @Test("Times")
  func times() {
    func time(_ text: String, _ order: lathe_date_order = LATHE_YEAR_FIRST) -> (Int64, Bool)? {
      var value: Int64 = 0
      var isZoned = false
      let bytes = Array(text.utf8)
      return lathe_parse_time(bytes, bytes.count, Int32(order.rawValue), &value, &isZoned)
        ? (value, isZoned) : nil
    }
    #expect(time("1970-01-01")?.0 == 0)
    #expect(time("2000-02-29T23:59:59.5")?.0 == 951_868_799_500_000)
    #expect(time("2024-01-31 12:00:00+02:00")?.0 == 1_706_695_200_000_000)
    #expect(time("2024-01-31 12:00:00+02:00")?.1 == true)
    #expect(time("2024-01-31T12:00Z")?.1 == true)
    #expect(time("2024-01")?.0 == time("2024-01-01")?.0)
    #expect(time("31.1.2024", LATHE_DAY_FIRST)?.0 == time("2024-01-31")?.0)
    #expect(time("1/31/2024", LATHE_MONTH_FIRST)?.0 == time("2024-01-31")?.0)
    for text in [
      "2023-02-29", "2024-13-01", "2024-00-10", "2024-1-1", "0000-01-01", "2024-01-01 24:00",
      "2024-01-01 12:60",
      "2024-01-01x", "2024-01-01 12:00:00.1234567", "2024-01-01 12:00+25:00", "20240101", "", "2024-13",
      "2024-1", "2024-01-",
    ] { #expect(time(text) == nil, "\(text)") }
    // Every day for a while, there and back.
    for day in stride(from: Int64(-800_000), to: 3_000_000, by: 37) {
      var year: Int64 = 0
      var month: UInt32 = 0
      var number: UInt32 = 0
      lathe_date_of_days(day, &year, &month, &number)
      #expect(lathe_days_of_date(year, month, number) == day)
    }
  }

  @Test("Durations")
  func durations() {
    func duration(_ text: String) -> Int64? {
      var value: Int64 = 0
      let bytes = Array(text.utf8)
      return lathe_parse_duration(bytes, bytes.count, &value) ? value : nil
    }
    let day: Int64 = 86_400_000_000
    #expect(duration("1 days 00:00:01") == day + 1_000_000)
    #expect(duration("-1 days +23:59:59.5") == -500_000)
    #expect(duration("2 days") == 2 * day)
    #expect(duration("100:00:00") == 360_000_000_000)
    #expect(duration("-00:01") == -60_000_000)
    #expect(duration("P1DT2H3M4.5S") == day + 7_384_500_000)
    #expect(duration("PT5M") == 300_000_000)
    for text in ["", "P", "PT", "P5M", "1 week", "1:2:3:4", "5", "P1H"] {
      #expect(duration(text) == nil, "\(text)")
    }
  }
}
