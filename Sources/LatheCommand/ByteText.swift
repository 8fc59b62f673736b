/// Numbers of bytes as a person reads them.
enum ByteText {
  /// A number of bytes in the unit that leaves few digits.
  static func of(_ count: Int) -> String {
    var value = Double(count)
    for unit in ["bytes", "KiB", "MiB", "GiB"] {
      if value < 1024 { return unit == "bytes" ? "\(count) bytes" : "\(Terminal.fixed(value, 1)) \(unit)" }
      value /= 1024
    }
    return "\(Terminal.fixed(value, 1)) TiB"
  }
}
