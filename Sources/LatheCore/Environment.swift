#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// An environment variable that is set and not empty.
package func environment(_ name: String) -> String? {
  guard let value = getenv(name), value.pointee != 0 else { return nil }
  return String(cString: value)
}

/// A number of bytes as a user writes it: `1000000`, `512M`, `2G`.
package func byteCount(_ text: String) -> Int? {
  var digits = text[...]
  var unit = 1
  switch digits.last {
  case "k", "K": unit = 1 << 10
  case "m", "M": unit = 1 << 20
  case "g", "G": unit = 1 << 30
  default: break
  }
  if unit != 1 { digits.removeLast() }
  guard let count = Int(digits), count > 0 else { return nil }
  let (bytes, overflow) = count.multipliedReportingOverflow(by: unit)
  return overflow ? nil : bytes
}

/// The bytes that `LATHE_MEMORY_LIMIT` allows, nil where it is not set.
package var memoryLimitFromEnvironment: Int? { environment("LATHE_MEMORY_LIMIT").flatMap(byteCount) }
