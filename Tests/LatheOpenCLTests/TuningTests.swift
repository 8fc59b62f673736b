#if OpenCL
  import Foundation
  import LatheCore
  import LatheOpenCL
  import Synchronization
  import Testing

  /// Rows, look-up, search and replacement; nothing is timed here.
  @Suite struct TuningTests {
    private static let here = TuningIdentity(device: "card", driver: "driver 2", vendor: "maker")
    private static let roomy = TuningLimits(workItems: 1024, localBytes: 48 << 10)
    private static let tile = ["TILE_M": 64, "TILE_N": 64, "DEPTH": 16, "WORK_M": 4, "WORK_N": 4]

    private static func row(
      _ device: String = "card", _ driver: String = "driver 2", _ vendor: String = "maker", depth: Int = 16,
      kernel: String = "gemm_gpu", dtype: String = "float32", shape: String = "large"
    ) -> TunedRow {
      TunedRow(
        device: device, driver: driver, vendor: vendor, kernel: kernel, dtype: dtype, shape: shape,
        choices: [.init(parameters: tile.merging(["DEPTH": depth]) { $1 }, microseconds: 1)])
    }

    private func depth(_ table: TuningTable, shape: TuningShape = .large) -> Int? {
      table.row(.gemmGPU, shape, for: Self.here)?.0.choices.first?.parameters["DEPTH"]
    }

    // MARK: Rows

    @Test func rowsSurviveAFile() throws {
      let rows = [Self.row(), Self.row("other", depth: 8)]
      let parsed = TunedRowFile.parse(try TunedRowFile.text(rows), name: "t.json")
      #expect(parsed.rows == rows && parsed.warnings.isEmpty)
    }

    @Test func badRowsCostNoOthers() throws {
      let bad = [
        Self.row(kernel: "gemm_tpu"), Self.row(dtype: "float64"), Self.row(shape: "huge"),
        TunedRow(device: "d", driver: "d", vendor: "v", kernel: "gemm_gpu", shape: "large", choices: []),
      ]
      let parsed = TunedRowFile.parse(try TunedRowFile.text(bad + [Self.row()]), name: "t.json")
      #expect(parsed.rows == [Self.row()])
      #expect(parsed.warnings.count == 4)
      for (index, word) in ["gemm_tpu", "float64", "huge", "no choice"].enumerated() {
        #expect(parsed.warnings[index].hasPrefix("t.json: row \(index + 1) is not used"))
        #expect(parsed.warnings[index].contains(word) && !parsed.warnings[index].contains("\n"))
      }
    }

    @Test(arguments: ["6.5", "1e400", "null", "\"6\"", "-0.5", "123456789012345678901234567890"])
    func aBadNumberCostsItsRow(_ number: String) throws {
      let good = String(decoding: try TunedRowFile.text([Self.row(), Self.row("other")]), as: UTF8.self)
      let place = try #require(good.range(of: "\"TILE_M\" : 64"))
      let text = good.replacingCharacters(in: place, with: "\"TILE_M\" : \(number)")
      let parsed = TunedRowFile.parse(Array(text.utf8), name: "t.json")
      #expect(parsed.rows == [Self.row("other")])
      #expect(parsed.warnings.count == 1 && parsed.warnings[0].hasPrefix("t.json: row 1 is not used: "))
    }

    @Test(arguments: [
      ("", "not a JSON file"), ("{", "not a JSON file"), ("[1, 2]", "not a JSON file"),
      (#"{"rows": []}"#, "schema"), (#"{"schema": "other-1", "rows": []}"#, "other-1"),
      (#"{"schema": "lathe-tuning-1"}"#, "no list of rows"),
      (#"{"schema": "lathe-tuning-1", "rows": [{"device": 3}]}"#, "row 1 is not used"),
      (#"{"schema": "lathe-tuning-1", "rows": [7]}"#, "row 1 is not used"),
      (
        #"{"schema": "lathe-tuning-1", "rows": [{"device": "d", "driver": "d", "vendor": "v"}]}"#,
        "'kernel' is missing"
      ),
      (String(repeating: "[", count: 513), "too deep"),
      (#"{"schema": "lathe-tuning-1", "rows": "# + String(repeating: "[", count: 100_000), "too deep"),
    ])
    func foreignFiles(_ text: String, _ complaint: String) {
      let parsed = TunedRowFile.parse(Array(text.utf8), name: "t.json")
      #expect(parsed.rows.isEmpty)
      #expect(
        parsed.warnings.count == 1 && parsed.warnings.first?.contains(complaint) == true, "\(parsed.warnings)"
      )
    }

    @Test func everyTruncationIsNoticed() throws {
      let whole = try TunedRowFile.text([Self.row()])
      for length in stride(from: 0, to: whole.count - 2, by: 7) {
        let parsed = TunedRowFile.parse(Array(whole[..<length]), name: "t.json")
        #expect(parsed.rows.isEmpty && parsed.warnings.count == 1)
      }
    }

    // MARK: Look-up

    @Test func theNearestRowWins() {
      let everywhere = Self.row("*", "*", "*", depth: 8)
      let vendor = Self.row("another card", "driver 1", depth: 16)
      let device = Self.row("card", "driver 1", depth: 32)
      let exact = Self.row(depth: 8)
      #expect(depth(TuningTable(user: [], shipped: [everywhere])) == 8)
      #expect(depth(TuningTable(user: [], shipped: [everywhere, vendor])) == 16)
      #expect(depth(TuningTable(user: [], shipped: [device, vendor, everywhere])) == 32)
      #expect(depth(TuningTable(user: [], shipped: [everywhere, exact, device, vendor])) == 8)
      // The user's row is first on its level, and does not come before a nearer one.
      #expect(depth(TuningTable(user: [Self.row(depth: 32)], shipped: [exact])) == 32)
      #expect(depth(TuningTable(user: [vendor], shipped: [device])) == 32)
      // Of several the newest; other kernels' and makers' rows are none.
      #expect(depth(TuningTable(user: [exact, Self.row(depth: 32)], shipped: [])) == 32)
      #expect(depth(TuningTable(user: [exact], shipped: []), shape: .small) == nil)
      #expect(depth(TuningTable(user: [], shipped: [Self.row("x", "y", "z")])) == nil)
    }

    /// A row that was measured with other vectors is for other tiles.
    @Test func rowsAreForTheirVectors() {
      func found(_ row: TunedRow, _ lanes: Int?) -> Bool {
        var here = Self.here
        here.lanes = lanes
        return TuningTable(user: [], shipped: [row]).row(.gemmGPU, .large, for: here) != nil
      }
      for (device, vendor) in [("card", "maker"), ("other", "maker"), ("*", "*")] {
        var row = Self.row(device, "driver 2", vendor)
        // What says nothing of vectors serves kernels without them, and the device that it was measured on.
        #expect(found(row, nil) && found(row, 8) == (device == "card"))
        row.lanes = 16
        #expect(found(row, 16) && !found(row, 8) && !found(row, nil))
      }
      var wide = Self.row()
      wide.lanes = 16
      #expect(
        wide != Self.row() && (try? TunedRowFile.text([wide])) != (try? TunedRowFile.text([Self.row()])))
    }

    /// Tiles that fill 32 registers are none for 16.
    @Test func tilesFitTheRegisters() {
      var limits = Self.roomy
      let gemm = { (rows: Int, vectors: Int) in
        KernelParameters(["MR": rows, "NV": vectors, "BLOCK_K": 256, "MAX_ROWS": 96, "COLUMNS": 512])
      }
      let convolution = { (sums: Int) in KernelParameters(["NV": 2, "SUMS": sums, "PANEL": 32768]) }
      func fits(_ kernel: TunableKernel, _ parameters: KernelParameters) -> Bool {
        kernel.objection(to: parameters, limits) == nil
      }
      #expect(fits(.gemmCPU, gemm(12, 2)) && fits(.convolutionCPU, convolution(28)))
      limits.vectors = VectorRegisters(lanes: 8)
      #if !arch(arm64)
        #expect(limits.vectors.count == 16)
        #expect(!fits(.gemmCPU, gemm(12, 2)) && fits(.gemmCPU, gemm(6, 2)) && fits(.gemmCPU, gemm(4, 3)))
        #expect(!fits(.convolutionCPU, convolution(28)) && fits(.convolutionCPU, convolution(12)))
        let space = TuningSearch(.filterGradientCPU, limits).space
        #expect(
          !space.isEmpty && space.allSatisfy { $0.values["TILE_ROWS"]! * $0.values["TILE_TAPS"]! < 12 })
      #endif
    }

    @Test(arguments: [
      ("pthread-haswell-AMD EPYC 7B13", 8), ("pthread-skylake-avx512-Intel(R) Xeon(R) Processor", 16),
      ("cpu-skylake-Intel(R) Core(TM) i7", 8), ("cpu-znver4-AMD Ryzen 9", 16), ("basic-x86-64-QEMU", 4),
      ("cpu-x86-64-v3-QEMU", 8), ("pthread-athlon64-Intel(R) Xeon(R)", 4), ("pthread-neoverse-n1-", 4),
      ("pthread-something-new", nil), ("pthread", nil),
    ])
    func vectorsByTheProcessor(_ name: String, _ lanes: Int?) {
      #expect(VectorRegisters.lanes(ofPoCLDevice: name) == lanes)
    }

    @Test func shapes() {
      #expect(TuningShape.product(m: 16, n: 4096) == .row && TuningShape.product(m: 4096, n: 1) == .column)
      #expect(TuningShape.product(m: 256, n: 256) == .small && TuningShape.product(m: 257, n: 256) == .medium)
      #expect(
        TuningShape.product(m: 1024, n: 1024) == .medium && TuningShape.product(m: 1025, n: 1024) == .large)
    }

    // MARK: Search

    @Test(arguments: TunableKernel.allCases) func everyCandidateFits(_ kernel: TunableKernel) {
      let search = TuningSearch(kernel, Self.roomy)
      #expect(search.space.count > 1 && Set(search.space).count == search.space.count)
      #expect(search.space.allSatisfy { kernel.objection(to: $0, Self.roomy) == nil })
      // The seed alone decides the order.
      let first = search.candidates(seed: 3, count: 20)
      #expect(first == search.candidates(seed: 3, count: 20) && first.count == min(20, search.space.count))
      if search.space.count > 5 { #expect(first != search.candidates(seed: 4, count: 20)) }
      #expect(Set(search.candidates(seed: 3, count: .max)) == Set(search.space))
    }

    @Test func limitsAreKept() {
      let kernel = TunableKernel.gemmGPU
      func objection(_ changes: [String: Int], _ limits: TuningLimits = Self.roomy) -> String? {
        kernel.objection(to: KernelParameters(Self.tile.merging(changes) { $1 }), limits)
      }
      #expect(objection([:]) == nil)
      #expect(objection(["TILE_M": 48])?.contains("16, 32, 64, 128") == true)
      #expect(objection(["OTHER": 1])?.contains("TILE_M, TILE_N") == true)
      #expect(objection(["TILE_M": 128, "TILE_N": 128, "WORK_M": 1])?.contains("work-items") == true)
      #expect(
        objection([:], TuningLimits(workItems: 128, localBytes: 1 << 20))?.contains("work-items") == true)
      #expect(
        objection([:], TuningLimits(workItems: 1024, localBytes: 1 << 10))?.contains("local memory") == true)
      #expect(
        kernel.objection(to: KernelParameters(["TILE_M": 64]), Self.roomy)?.contains("it takes") == true)
      let small = TuningSearch(kernel, TuningLimits(workItems: 64, localBytes: 8 << 10)).space
      #expect(!small.isEmpty && small.count < TuningSearch(kernel, Self.roomy).space.count)
    }

    @Test func theBestThreeAreKept() {
      let search = TuningSearch(.gemmGPU, Self.roomy)
      let candidates = search.candidates(seed: 0, count: 8)
      let times: [Double?] = [5, nil, 2, .nan, 3, 1, 4, -1]
      var limits: [Double] = []
      let found = search.best(of: candidates, notAbove: 4, shouldStop: { false }) { candidate, limit in
        limits.append(limit)
        return candidates.firstIndex(of: candidate).flatMap { times[$0] }
      }
      #expect(found.map(\.seconds) == [1, 2, 3])
      #expect(found.map(\.parameters) == [5, 2, 4].map { candidates[$0] })
      // Three times the best so far, the built-in parameters' time among them.
      #expect(limits == [12, 12, 12, 6, 6, 6, 3, 3])
    }

    @Test func aStopKeepsWhatWasFound() {
      let search = TuningSearch(.gemmGPU, Self.roomy)
      var tried = 0
      let found = search.best(
        of: search.candidates(seed: 0, count: 9), notAbove: 1, shouldStop: { tried == 2 },
        measure: { _, _ in
          tried += 1
          return 0.5
        })
      #expect(tried == 2 && found.count == 2)
    }

    // MARK: Replacement

    private final class Lines: Sendable {
      let lines = Mutex<[String]>([])
      func add(_ line: String) { lines.withLock { $0.append(line) } }
      var all: [String] { lines.withLock { $0 } }
    }

    private func choices(_ row: TunedRow, _ limits: TuningLimits = Self.roomy) -> (KernelChoices, Lines) {
      let lines = Lines()
      let choices = KernelChoices(
        device: "opencl:0", profile: .gpu, identity: Self.here, limits: limits,
        table: { TuningTable(user: [row], shipped: []) }, warn: { lines.add($0) })
      return (choices, lines)
    }

    @Test func aFailingWinnerGivesWayToTheNext() throws {
      var row = Self.row(depth: 8)
      row.choices += Self.row(depth: 32).choices
      let (choices, lines) = choices(row)
      let error = LatheError(.kernelBuild, "it does not build\nbecause")
      let first = try #require(choices.current(.gemmGPU, .large))
      #expect(first.parameters.values["DEPTH"] == 8 && choices.summary == "1 by driver")
      #expect(choices.replace(first, of: .gemmGPU, .large, because: error))
      let second = try #require(choices.current(.gemmGPU, .large))
      #expect(second.parameters.values["DEPTH"] == 32 && second.number != first.number)
      #expect(choices.replace(second, of: .gemmGPU, .large, because: error))
      #expect(choices.current(.gemmGPU, .large) == nil)
      #expect(
        lines.all.count == 2 && lines.all.allSatisfy { $0.contains("gemm_gpu (large)") && !$0.contains("\n") }
      )
      #expect(lines.all[0].contains("DEPTH=32") && lines.all[1].contains("built-in"))
    }

    @Test func aSearchSeesFailures() throws {
      let (choices, lines) = choices(Self.row())
      let candidate = KernelParameters(Self.tile.merging(["DEPTH": 8]) { $1 })
      choices.trying(candidate, of: .gemmGPU, .large) {
        #expect(choices.current(.gemmGPU, .large)?.parameters == candidate)
        #expect(choices.current(.gemmGPU, .small) == nil)
        if let choice = choices.current(.gemmGPU, .large) {
          #expect(!choices.replace(choice, of: .gemmGPU, .large, because: LatheError(.device, "no")))
        }
      }
      choices.trying(nil, of: .gemmGPU, .large) { #expect(choices.current(.gemmGPU, .large) == nil) }
      #expect(choices.current(.gemmGPU, .large)?.parameters.values == Self.tile && lines.all.isEmpty)
    }

    @Test func rowsBeyondTheDeviceAreNotUsed() {
      let small = TuningLimits(workItems: 64, localBytes: 48 << 10)
      let (own, ownLines) = choices(Self.row(), small)
      #expect(own.current(.gemmGPU, .large) == nil && own.summary == nil)
      #expect(ownLines.all.count == 1 && ownLines.all[0].contains("work-items"))
      // Another device's row may well ask for more.
      let (foreign, foreignLines) = choices(Self.row("another card", "driver 1"), small)
      #expect(foreign.current(.gemmGPU, .large) == nil && foreignLines.all.isEmpty)
    }

    // MARK: On a device

    /// Each kernel with parameters other than the built-in ones, far from whole tiles.
    @Test(arguments: devices) func otherParametersGiveTheSameProduct(_ device: TestDevice) throws {
      let backend = device.backend
      let kernel = device.backend.profile == .gpu ? TunableKernel.gemmGPU : .gemmCPU
      let limits = TuningLimits(workItems: 256, localBytes: 32 << 10)
      let (m, n, k) = (300, 290, 130)
      let (a, b) = ((0..<m * k).map { Float($0 % 7) - 3 }, (0..<k * n).map { Float($0 % 5) - 2 })
      let operands = [try backend.operand(a, [m, k], .float32), try backend.operand(b, [k, n], .float32)]
      for candidate in TuningSearch(kernel, limits).candidates(seed: 11, count: 2) {
        let out = try backend.operand([Float](repeating: .nan, count: m * n), [m, n], .float32)
        try backend.choices.trying(candidate, of: kernel, .medium) {
          try backend.run(.matmul(MatrixMultiplication(m: m, n: n, k: k)), inputs: operands, outputs: [out])
        }
        let values = try backend.floats(out.buffer, count: m * n)
        for place in stride(from: 0, to: m * n, by: 997) + [m * n - 1] {
          let (i, j) = (place / n, place % n)
          let sum = (0..<k).reduce(0.0) { $0 + Double(a[i * k + $1]) * Double(b[$1 * n + j]) }
          #expect(Double(values[place]) == sum, "\(candidate) at \(i), \(j)")
        }
      }
    }

    @Test(arguments: devices) func otherParametersGiveTheSameConvolution(_ device: TestDevice) throws {
      let backend = device.backend
      let sizes = Convolution2D(
        batch: 2, channels: 5, height: 9, width: 11, outputChannels: 7, groups: 1, kernelHeight: 3,
        kernelWidth: 3,
        strideY: 1, strideX: 1, paddingY: 1, paddingX: 1, dilationY: 1, dilationX: 1, outputHeight: 9,
        outputWidth: 11)
      let limits = TuningLimits(workItems: 256, localBytes: 32 << 10)
      let (x, w) = ((0..<2 * 5 * 99).map { Float($0 % 7) - 3 }, (0..<7 * 45).map { Float($0 % 5) - 2 })
      let y = (0..<2 * 7 * 99).map { Float($0 % 3) - 1 }
      let image = try backend.operand(x, [2, 5, 9, 11], .float32)
      let filter = try backend.operand(w, [7, 5, 3, 3], .float32)
      let upstream = try backend.operand(y, [2, 7, 9, 11], .float32)
      let work: [(LatheCore.Operation, [Operand], Shape)] = [
        (.convolution(sizes), [image, filter], [2, 7, 9, 11]),
        (.convolutionBackwardInput(sizes), [upstream, filter], [2, 5, 9, 11]),
        (.convolutionBackwardFilter(sizes), [upstream, image], [7, 5, 3, 3]),
      ]
      for (number, (operation, inputs, shape)) in work.enumerated() {
        let kernel: TunableKernel =
          backend.profile == .gpu ? .convolutionGPU : number == 2 ? .filterGradientCPU : .convolutionCPU
        func values(_ parameters: KernelParameters?) throws -> [Float] {
          let out = try backend.operand([Float](repeating: .nan, count: shape.elementCount), shape, .float32)
          try backend.choices.trying(parameters, of: kernel, .few) {
            try backend.run(operation, inputs: inputs, outputs: [out])
          }
          return try backend.floats(out.buffer, count: shape.elementCount)
        }
        // Sums of small integers are exact, in whatever order; the operation suite checks the built-in parameters.
        let expected = try values(nil)
        for candidate in TuningSearch(kernel, limits).candidates(seed: 5, count: 1) {
          #expect(try values(candidate) == expected, "\(kernel.rawValue) \(candidate)")
        }
      }
    }

    /// Kernels of GPUs with parameters other than the built-in ones: whole numbers, whose sums are exact in any order.
    @Test(arguments: devices) func otherParametersGiveTheSameResults(_ device: TestDevice) throws {
      let backend = device.backend
      guard backend.profile == .gpu else { return }
      let numbers = { (shape: Shape) in
        try backend.operand((0..<shape.elementCount).map { Float($0 % 7) - 3 }, shape, .float32)
      }
      let read = ElementwiseProgram(
        inputs: [.float32], scalars: [], instructions: [], outputs: [.init(register: 0, dtype: .float32)])
      let relu = ElementwiseProgram(
        inputs: [.float32, .float32], scalars: [],
        instructions: [
          .init(op: .add, dtype: .float32, a: 0, b: 1), .init(op: .tanh, dtype: .float32, a: 2, b: 0),
        ],
        outputs: [.init(register: 3, dtype: .float32)])
      func sum(_ reduced: [Bool]) -> LatheCore.Operation {
        .reduce(Reduction(kind: .sum, program: read, scalars: [], reduced: reduced))
      }
      func product(_ m: Int, _ n: Int, _ k: Int) -> LatheCore.Operation {
        .matmul(MatrixMultiplication(m: m, n: n, k: k))
      }
      let work: [(TunableKernel, TuningShape, LatheCore.Operation, [Shape], Shape)] = [
        (.gemvGPU, .row, product(3, 132, 70), [[3, 70], [70, 132]], [3, 132]),
        (.gemvGPU, .row, product(2, 33, 70), [[2, 70], [70, 33]], [2, 33]),
        (.gemvGPU, .column, product(131, 1, 72), [[131, 72], [72, 1]], [131, 1]),
        (.splitGPU, .small, product(20, 36, 3000), [[20, 3000], [3000, 36]], [20, 36]),
        (.reductionGPU, .rows, sum([false, true]), [[3, 5000]], [3]),
        (.reductionGPU, .columns, sum([true, false]), [[5000, 3]], [3]),
        (.reductionGPU, .whole, sum([true]), [[9000]], [1]),
        (.rowsGPU, .narrow, .softmax(rows: 3, columns: 77, logarithm: false), [[3, 77]], [3, 77]),
        (.rowsGPU, .wide, .softmax(rows: 2, columns: 1028, logarithm: false), [[2, 1028]], [2, 1028]),
        (.elementwiseGPU, .run, .elementwise(relu, scalars: []), [[1003], [1003]], [1003]),
      ]
      let limits = TuningLimits(workItems: 256, localBytes: 32 << 10)
      for (kernel, shape, operation, inputs, output) in work {
        let operands = try inputs.map(numbers)
        func values(_ parameters: KernelParameters?) throws -> [Float] {
          let out = try backend.operand(
            [Float](repeating: .nan, count: output.elementCount), output, .float32)
          try backend.choices.trying(parameters, of: kernel, shape) {
            try backend.run(operation, inputs: operands, outputs: [out])
          }
          return try backend.floats(out.buffer, count: output.elementCount)
        }
        let expected = try values(nil)
        // Of many the last ones in order, which differ most from the built-in ones.
        let candidates = TuningSearch(kernel, limits).space
        for candidate in [candidates.first, candidates.last].compactMap({ $0 }) {
          let found = try values(candidate)
          let isRight = zip(found, expected).allSatisfy { abs($0 - $1) <= (kernel == .rowsGPU ? 1e-6 : 0) }
          #expect(isRight, "\(kernel.rawValue) \(shape) \(candidate)")
        }
      }
    }

    /// A driver that refuses a winner costs neither the result nor silence.
    @Test(arguments: devices) func aWinnerThatFailsIsReplacedInAProduct(_ device: TestDevice) throws {
      let backend = device.backend
      let kernel = backend.profile == .gpu ? TunableKernel.gemmGPU : .gemmCPU
      let before = backend.counters.snapshot().replacedKernels
      let lines = Lines()
      let good = TuningSearch(kernel, Self.roomy).candidates(seed: 0, count: 2)
      let row = TunedRow(
        device: "d", driver: "d", vendor: "v", kernel: kernel.rawValue, shape: "small",
        choices: good.map { .init(parameters: $0.values, microseconds: 1) })
      let choices = KernelChoices(
        device: "d", profile: backend.profile,
        identity: TuningIdentity(device: "d", driver: "d", vendor: "v"),
        limits: Self.roomy, table: { TuningTable(user: [row], shipped: []) }, warn: { lines.add($0) })
      var tried: [KernelParameters?] = []
      let result = try backend.tuned(kernel, .small, choices) { choice in
        tried.append(choice?.parameters)
        if tried.count == 1 { throw LatheError(.kernelBuild, "refused") }
        return 42
      }
      #expect(result == 42 && tried == good && lines.all.count == 1)
      #expect(backend.counters.snapshot().replacedKernels == before + 1)
      // Out of memory is no fault of the parameters.
      #expect(throws: LatheError.self) {
        try backend.tuned(kernel, .small, choices) { _ in throw LatheError(.outOfMemory, "full") }
      }
      #expect(lines.all.count == 1 && choices.current(kernel, .small)?.parameters == good[1])
    }

    @Test(arguments: devices) func estimatesStandBesideWhatWasMeasured(_ device: TestDevice) throws {
      let lines = Lines()
      let file = FileManager.default.temporaryDirectory.appendingPathComponent("tuned-\(UUID()).json").path
      defer { try? FileManager.default.removeItem(atPath: file) }
      let suite = device.backend.profile == .gpu ? TuningSuite.elementwise : .gemm
      let options = TuningOptions(
        suites: [suite], candidates: 1, output: file,
        estimate: { ["elementwise_gpu/run": 1.5, "gemm_cpu/small": 2.5][$0] })
      let summary = try device.backend.tune(
        options, reference: device.backend, report: lines.add, shouldStop: { lines.all.count > 3 })
      #expect(summary.searches > 0)
      let expected = suite == .gemm ? "estimated 2500.000 ms" : "estimated 1500.000 ms"
      #expect(lines.all.filter { $0.contains(expected) }.count == 1, "\(lines.all)")
    }

    @Test(arguments: devices) func problemsHaveNames(_ device: TestDevice) throws {
      let names = device.backend.tuningProblems
      #expect(names.contains(device.backend.profile == .gpu ? "split_gpu/medium" : "convolution_cpu/few"))
      #expect(Set(names).count == names.count)
      for name in names.prefix(1) { #expect(try !device.backend.tuningProblem(name).isEmpty) }
      #expect(throws: LatheError.self) { try device.backend.tuningProblem("gemm_tpu/large") }
    }
  }
#endif
