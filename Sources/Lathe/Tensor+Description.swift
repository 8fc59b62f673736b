import LatheCore

extension Tensor {
  /// The values as NumPy prints them, shortened, with shape, type and device; or the error that they carry.
  public var description: String {
    let facts = "shape=\(shape), dtype=\(dtype), device=\(device)"
    do {
      let printer = try TensorPrinter(self)
      return "Tensor(\(printer.text(indent: "Tensor(".count)), \(facts))"
    } catch {
      return "Tensor(error: \(error), \(facts))"
    }
  }
}

/// Lays out a tensor's values in NumPy's way: aligned columns, brackets per axis, long axes shortened.
private struct TensorPrinter {
  /// Tensors with more elements are shortened to this many at each end of an axis.
  private static let threshold = 1000
  private static let edge = 3
  private static let lineWidth = 75

  private let shape: Shape
  /// Positions shown along each axis; nil stands for the gap.
  private let shown: [[Int?]]
  private let cells: [String]

  init(_ tensor: Tensor) throws {
    let shape = tensor.shape
    self.shape = shape
    let shortens = tensor.count > Self.threshold
    var kept = tensor.detached()
    var shown: [[Int?]] = []
    for (axis, size) in shape.enumerated() {
      guard shortens && size > 2 * Self.edge else {
        shown.append(Array(0..<size))
        continue
      }
      // Only the corners are read from the device.
      kept = Tensor.concatenate(
        [kept.sliced(axis: axis, from: 0, to: Self.edge), kept.sliced(axis: axis, from: size - Self.edge)],
        axis: axis)
      shown.append([0, 1, 2, nil, 3, 4, 5])
    }
    self.shown = shown
    cells = try Self.format(kept)
  }

  private static func format(_ tensor: Tensor) throws -> [String] {
    var texts: [String]
    switch tensor.dtype {
    case .bool: texts = try tensor.scalars(as: Bool.self).map { $0 ? "True" : "False" }
    case .int32, .int64, .uint8, .int8, .int16, .uint16, .uint32:
      texts = try tensor.scalars(as: Int64.self).map(String.init)
    case .float32, .float64, .float16, .bfloat16:
      texts = format(try tensor.scalars(as: Double.self), isScalar: tensor.rank == 0)
    }
    if tensor.rank > 0 {
      let width = texts.map(\.count).max() ?? 0
      texts = texts.map { String(repeating: " ", count: width - $0.count) + $0 }
    }
    return texts
  }

  /// At most four decimals, as few as the values need; exponents where the range is wide.
  private static func format(_ values: [Double], isScalar: Bool) -> [String] {
    let finite = values.filter(\.isFinite).map { Swift.abs($0) }
    let nonzero = finite.filter { $0 > 0 }
    let largest = nonzero.max() ?? 0
    let smallest = nonzero.min() ?? 0
    let scientific =
      largest >= 1e8
      || (smallest > 0 && (Float(smallest) < 1e-4 || Float(largest) / Float(smallest) > 1e5))
    func text(_ value: Double, _ decimals: Int) -> String {
      if value.isNaN { return "nan" }
      if value.isInfinite { return value > 0 ? "inf" : "-inf" }
      if scientific {
        let parts = formatted(value, "%.\(decimals)e").split(separator: "e")
        return parts[0] + (decimals == 0 ? "." : "") + "e" + parts[1]
      }
      // Zeros behind the last digit are blanks, so that the points stand below each other.
      let plain = formatted(value, "%.\(decimals)f") + (decimals == 0 ? "." : "")
      let zeros = decimals == 0 ? 0 : plain.reversed().prefix { $0 == "0" }.count
      return plain.dropLast(zeros) + String(repeating: " ", count: isScalar ? 0 : zeros)
    }
    func decimalsNeeded(_ value: Double) -> Int {
      guard value.isFinite else { return 0 }
      let whole = formatted(value, scientific ? "%.4e" : "%.4f")
      let mantissa = whole.prefix { $0 != "e" }
      guard let point = mantissa.firstIndex(of: ".") else { return 0 }
      let digits = mantissa[mantissa.index(after: point)...]
      return digits.count - (digits.reversed().prefix { $0 == "0" }).count
    }
    let decimals = values.map(decimalsNeeded).max() ?? 0
    return values.map { text($0, decimals) }
  }

  func text(indent: Int) -> String {
    if shape.elementCount == 0 { return "[]" }
    var position = 0
    return render(axis: 0, indent: indent, position: &position)
  }

  private func render(axis: Int, indent: Int, position: inout Int) -> String {
    guard axis < shape.rank else {
      defer { position += 1 }
      return cells[position]
    }
    let isRow = axis == shape.rank - 1
    var result = "["
    var column = indent + 1
    for (i, place) in shown[axis].enumerated() {
      let cell = place == nil ? "..." : render(axis: axis + 1, indent: indent + 1, position: &position)
      if i > 0 {
        if isRow && column + cell.count + 2 <= Self.lineWidth {
          result += ", "
          column += 2
        } else {
          let blankLines = isRow ? 0 : shape.rank - axis - 2
          result +=
            "," + String(repeating: "\n", count: blankLines + 1) + String(repeating: " ", count: indent + 1)
          column = indent + 1
        }
      }
      result += cell
      column += cell.count
    }
    return result + "]"
  }
}
