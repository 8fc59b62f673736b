#if OpenCL
  import COpenCL
  import LatheCore

  /// Compares products on matrix units with those of plain kernels: first the numbers, then the time, which a form for large
  /// products compares with that of a rival.
  struct MatrixTrial {
    private let backend: OpenCLBackend
    private let form: MatrixForm
    private let type: StoredType
    private let rival: MatrixForm?
    /// Definitions beside those of the form.
    private let extra: KernelOptions

    init(
      _ backend: OpenCLBackend, _ form: MatrixForm, _ type: StoredType, rival: MatrixForm? = nil,
      extra: KernelOptions = [:]
    ) {
      (self.backend, self.form, self.type) = (backend, form, type)
      (self.rival, self.extra) = (rival, extra)
    }

    /// What is found; errors are a finding, too.
    func verdict() -> MatrixVerdict {
      do {
        return try agrees() ? .agrees(units: seconds(form), plain: seconds(rival)) : .differs
      } catch {
        return .fails(OpenCLBackend.reason(error))
      }
    }

    /// Whether both give the same sums of small whole numbers, which are exact: every way that operands lie, both tiles, edges
    /// of tiles and of slices, and once operands that cannot be read in vectors.
    func agrees() throws -> Bool {
      // What a form for large products does with small ones is its rival's.
      for isLarge in rival == nil ? [false, true] : [true] {
        for (aAlongK, bAlongK) in [(true, false), (true, true), (false, false), (false, true)] {
          guard try agrees(aAlongK, bAlongK, offset: 0, isLarge: isLarge) else { return false }
        }
      }
      return try agrees(true, false, offset: 1, isLarge: rival != nil)
    }

    private func agrees(_ aAlongK: Bool, _ bAlongK: Bool, offset: Int, isLarge: Bool) throws -> Bool {
      let product = try Product(
        m: 152, n: 136, k: 72, aAlongK: aAlongK, bAlongK: bAlongK, offset: offset, type, on: backend)
      let tile = MatrixTile(form, type, isLarge: isLarge, localMemory: backend.info.localMemory)
      try backend.multiply(product.operands, onUnits: tile, extra, into: product.onUnits.memory, at: 0)
      try backend.multiplyTiled(product.operands, nil, into: product.plain.memory, at: 0)
      return try product.results(product.onUnits) == product.results(product.plain)
    }

    /// The median time of a product of 1024 x 1024 x 1024, or of one that fills large tiles, on a form or by plain kernels.
    private func seconds(_ form: MatrixForm?) throws -> Double {
      let size = rival == nil ? 1024 : 4096
      let product = try Product(
        m: size, n: size, k: 1024, aAlongK: true, bAlongK: false, offset: 0, type, on: backend)
      func run() throws {
        if let form {
          try backend.multiply(product.operands, onUnits: form, into: product.onUnits.memory, at: 0)
        } else {
          try backend.multiplyTiled(product.operands, nil, into: product.plain.memory, at: 0)
        }
      }
      try run()
      try backend.synchronize()
      let clock = ContinuousClock()
      let times = try (0..<5).map { _ in
        try clock.measure {
          for _ in 0..<3 { try run() }
          try backend.synchronize()
        } / .seconds(3)
      }
      return times.sorted()[2]
    }

    /// A product of small whole numbers with two results.
    private struct Product {
      let operands: MatrixOperands
      let onUnits: OpenCLBuffer, plain: OpenCLBuffer
      private let backend: OpenCLBackend
      /// Held as long as the product.
      private let a: OpenCLBuffer, b: OpenCLBuffer

      init(
        m: Int, n: Int, k: Int, aAlongK: Bool, bAlongK: Bool, offset: Int, _ type: StoredType,
        on backend: OpenCLBackend
      ) throws {
        func matrix(_ count: Int, _ factor: Int) throws -> OpenCLBuffer {
          let numbers = (0..<count + offset).map { $0 * factor % 9 - 4 }
          let bytes =
            switch type {
            case .float32: numbers.map { Float($0) }.withUnsafeBytes { Array($0) }
            case .float16: numbers.map { Float16($0) }.withUnsafeBytes { Array($0) }
            case .bfloat16:
              numbers.map { UInt16(Float($0).bitPattern >> 16) }.withUnsafeBytes { Array($0) }
            }
          let buffer = try backend.pool.allocate(bytes.count)
          try bytes.withUnsafeBytes { try backend.write($0, to: buffer) }
          return buffer
        }
        self.backend = backend
        (a, b) = (try matrix(m * k, 5), try matrix(k * n, 7))
        // Poisoned: what is not written is no result.
        let nothing = [UInt32](repeating: .max, count: m * n)
        func results() throws -> OpenCLBuffer {
          let buffer = try backend.pool.allocate(m * n * 4)
          try nothing.withUnsafeBytes { try backend.write($0, to: buffer) }
          return buffer
        }
        (onUnits, plain) = (try results(), try results())
        operands = MatrixOperands(
          m: m, n: n, k: k, aRow: aAlongK ? k : 1, aStep: aAlongK ? 1 : m, bRow: bAlongK ? 1 : n,
          bStep: bAlongK ? k : 1, aOffset: offset, bOffset: offset, batch: BatchAxes(count: 1, a: 0, b: 0),
          a: a.memory, b: b.memory, bias: b.memory, hasBias: false, relu: false, operands: type)
      }

      /// The bits of a result.
      func results(_ buffer: OpenCLBuffer) throws -> [UInt32] {
        var words = [UInt32](repeating: 0, count: operands.m * operands.n)
        try words.withUnsafeMutableBytes { try backend.read(buffer, offset: 0, into: $0) }
        return words
      }
    }
  }
#endif
