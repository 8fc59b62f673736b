import Lathe

/// Products with weights that stay blocks, or in 16 bits: of one row, as a language model's while it writes, which the
/// weights' bytes bound, and of many, as while it reads.
enum QuantizedSuite {
  static var workloads: [Workload] {
    let decode = [(576, 1536), (2048, 8192)].flatMap { k, n in
      [BlockType.q4_1, .q8_0, .bfloat16].map { product($0, m: 1, k: k, n: n, isQuick: k == 576) }
    }
    let prefill = [128, 512].flatMap { m in
      [BlockType.q4_1, .q8_0, .bfloat16].map { product($0, m: m, k: 576, n: 1536) }
    }
    return decode + prefill + [BlockType.q4_0, .q4_K, .q6_K].map { product($0, m: 1, k: 2048, n: 8192) }
      + [product(.q4_K, m: 128, k: 2048, n: 2048)]
  }

  private static func product(_ type: BlockType, m: Int, k: Int, n: Int, isQuick: Bool = false) -> Workload {
    let weightBytes = n * k / type.elementCount * type.byteCount
    let bytes = Double(weightBytes + 4 * (m * k + m * n))
    let operations = 2 * Double(m) * Double(k) * Double(n)
    return Workload(
      .quantized, "linear-\(type.name.lowercased())", "\(m)x\(k)x\(n)",
      parameters: ["m": m, "k": k, "n": n],
      work: m == 1 ? .traffic(bytes, operations: operations) : .arithmetic(operations, bytes: bytes),
      isQuick: isQuick
    ) { device in
      let values = SampleValues(1)
      let x = try values.tensor([m, k], on: device)
      let weight = try matrix(type, n, k, on: device)
      let places = SamplePlaces(96, of: m * n)
      // Of blocks the CPU path rounds x to eight bits.
      return Trial(
        tolerance: type.dtype == nil && device == .cpu ? 1e-2 : 1e-5,
        run: { try x.linear(weight: weight).computed() }
      ) {
        let rows = places.places.map { Int32($0 % n) }
        let elements = try weight.rows(Tensor(rows, device: device)).hostValues()
        let y = try x.linear(weight: weight).hostValues()
        var error = RelativeError()
        for (number, place) in places.places.enumerated() {
          error.add(
            y[place],
            (0..<k).reduce(0.0) { $0 + values.double(place / n * k + $1) * Double(elements[number * k + $1]) }
          )
        }
        return error.value
      }
    }
  }

  /// A matrix of any bytes whose scales are finite and small.
  private static func matrix(_ type: BlockType, _ rows: Int, _ columns: Int, on device: Device) throws
    -> QuantizedTensor
  {
    let numbers = SampleValues(2)
    let count = rows * columns / type.elementCount
    // Where a block has float16 scales, of 16 bits each element is one.
    let scales: [Int] =
      switch type {
      case .q4_1, .q5_1, .q4_K, .q5_K: [0, 2]
      case .q2_K: [80, 82]
      case .q3_K: [108]
      case .q6_K: [208]
      default: [0]
      }
    var bytes = (0..<count * type.byteCount).map { UInt8(numbers.integer($0, below: 256)) }
    for block in 0..<count {
      // 0.0078 to 0.03 as a float16; as a bfloat16 about 0.01 to 0.03.
      for place in scales {
        let at = block * type.byteCount + place + 1
        bytes[at] = type == .bfloat16 ? 0x3C | bytes[at] & 0x80 : 0x20 | bytes[at] & 0x87
      }
    }
    return QuantizedTensor(
      blocks: try Tensor(bytes, dtype: .uint8, device: device).computed(), type: type, shape: [rows, columns])
  }
}
