import Foundation
import Lathe
import TestSupport
import Testing

extension AllTests {
  @Suite("Errors", .serialized)
  struct Errors {
    @Test(arguments: TestDevice.all)
    func indexOutOfRangeIsThrownWhereValuesAreRead(_ device: Device) throws {
      let x = Tensor([1, 2, 3] as [Float], device: device)
      for bad in [3, -4, 1_000_000] as [Int32] {
        let picked = x.gather(axis: 0, indices: Tensor([0, bad], device: device)) * 2 + 1
        let error = #expect(throws: LatheError.self) { try picked.scalars(as: Float.self) }
        #expect(error?.kind == .indexOutOfRange)
        #expect(error?.message.contains("\(bad)") ?? false, "\(error?.message ?? "")")
      }
      // The device goes on.
      #expect(
        try x.gather(axis: 0, indices: Tensor([0, -1] as [Int32], device: device)).scalars(as: Float.self)
          == [1, 3])
    }

    @Test(arguments: TestDevice.all)
    func labelsOutOfRangeAreThrown(_ device: Device) throws {
      let logits = Tensor.zeros([2, 3], device: device)
      for bad in [3, -1] as [Int32] {
        let loss = logits.crossEntropy(Tensor([0, bad], device: device))
        let error = #expect(throws: LatheError.self) { try loss.item() }
        #expect(error?.kind == .indexOutOfRange)
      }
      let ignored = logits.crossEntropy(Tensor([0, -1] as [Int32], device: device), ignoredIndex: -1)
      #expect(Swift.abs(try ignored.item() - Foundation.log(3)) < 1e-5)
    }

    @Test(arguments: TestDevice.all)
    func scatterOutOfRangeIsThrown(_ device: Device) throws {
      let x = Tensor.zeros([3], device: device)
      let y = x.scatterAdd(
        axis: 0, indices: Tensor([5] as [Int32], device: device), source: Tensor.ones([1], device: device))
      let error = #expect(throws: LatheError.self) { try y.scalars(as: Float.self) }
      #expect(error?.kind == .indexOutOfRange)
    }

    /// int64 beyond int32 never becomes another index: 2^32 is not 0.
    @Test(arguments: TestDevice.all)
    func wideIndicesAreOutOfRange(_ device: Device) throws {
      let x = Tensor([1, 2, 3] as [Float], device: device)
      let table = Tensor.zeros([3, 2], device: device)
      for bad in [1 << 32, (1 << 40) + 1, -(1 << 32), Int64.max, Int64.min] as [Int64] {
        let index = Tensor([bad], device: device)
        let results = [
          x.gather(axis: 0, indices: index), x.indexSelected(axis: 0, indices: index),
          Tensor.embedding(index, table), x.scatterAdd(axis: 0, indices: index, source: x[0..<1]),
          index.oneHot(classes: 3), table[0..<1].crossEntropy(index, reduction: .none),
        ]
        for result in results {
          let error = #expect(throws: LatheError.self) { try result.scalars(as: Float.self) }
          #expect(error?.kind == .indexOutOfRange)
        }
      }
      let labels = Tensor([1, 1 << 40] as [Int64], device: device)
      let logits = Tensor([1, 2, 0, 5, 6, 7] as [Float], shape: [2, 3], device: device)
      let loss = try logits.crossEntropy(labels, ignoredIndex: 1 << 40).item()
      #expect(Swift.abs(loss - 0.4076059) < 1e-6)
      for bad in [3, -1] as [Int32] {
        #expect(throws: LatheError.self) {
          try Tensor([0, bad], device: device).oneHot(classes: 3).scalars(as: Float.self)
        }
      }
    }

    @Test(arguments: TestDevice.all)
    func outOfMemoryTravelsInTheTensor(_ device: Device) throws {
      let before = device.counters.bytesInUse
      do {
        // 4 TB: more than any machine of this suite has.
        let huge =
          Tensor.full([1024, 1024, 1024, 1024], 1, device: device) + Tensor([1] as [Float], device: device)
        let error = #expect(throws: LatheError.self) { try huge.computed() }
        #expect(error?.kind == .outOfMemory)
        let message = error?.message ?? ""
        #expect(
          message.contains("\(1024 * 1024 * 1024 * 1024 * 4)") && message.contains("in use"), "\(message)")
        #expect(throws: LatheError.self) { try (huge.transposed() * 2)[0, 0, 0].scalars(as: Float.self) }
      }
      // The device goes on, and nothing is held.
      #expect(try (Tensor([1] as [Float], device: device) + 1).item() == 2)
      #expect(device.counters.bytesInUse == before)
    }

    @Test func unknownDevicesAreNamed() {
      for name in ["cuda", "opencl:99", "opencl:x", "opencl:-1", ""] {
        let error = #expect(throws: LatheError.self) { try Device.named(name) }
        #expect(error?.kind == .invalidArgument)
        #expect(error?.message.contains("'\(name)'") ?? false, "\(error?.message ?? "")")
      }
      #expect(throws: LatheError.self) { try Device.opencl(0, profile: "tpu") }
      #expect(throws: LatheError.self) { try Device.opencl(99) }
      #expect((try? Device.named("cpu")) == .cpu)
      #expect(Device.all.first == .cpu)
      #expect(Device.all.contains(Device.best))
    }

    @Test func errorsPrint() {
      let x = Tensor([1] as [Float], device: .cpu)
      let bad = x.gather(axis: 0, indices: Tensor([7] as [Int32], device: .cpu))
      #expect(bad.description.contains("error"))
    }

    @Test func errorsSayTheirMessageToFoundation() {
      let error: any Error = LatheError(.file, "data.csv: cannot open: no such file")
      #expect(error.localizedDescription == "data.csv: cannot open: no such file")
      #expect((error as NSError).localizedDescription == error.localizedDescription)
    }

    @Test func whatIsQuotedCannotMoveTheCursor() {
      let name = "a\u{1B}[2J\nb\r\t\0\u{9B}c\u{7F}\u{2028}\u{202E}d\u{200D}é"
      let shown = "a\\u{1B}[2J\\nb\\r\\t\\u{0}\\u{9B}c\\u{7F}\\u{2028}\\u{202E}d\u{200D}é"
      #expect(LatheError(.file, name).message == shown)
      // What is escaped stays as it is, and a compiler's log keeps its lines.
      #expect(LatheError(.file, shown).message == shown)
      #expect(LatheError(.kernelBuild, "1\t2\n3\u{1B}").message == "1\t2\n3\\u{1B}")
    }
  }

  /// A programmer's mistake ends the program with a line that says what does not fit.
  @Suite("Mistakes", .serialized)
  struct Mistakes {
    static let lineOfMistake = #line + 2
    private static func addWrongShapes() {
      _ = Tensor.zeros([2, 3], device: .cpu) + Tensor.zeros([4], device: .cpu)
    }

    @Test func oneLineNamesThePlaceInTheProgram() async {
      let result = await #expect(
        processExitsWith: .signal(SIGABRT), observing: [\.standardErrorContent, \.standardOutputContent]
      ) {
        print("printed before")
        Self.addWrongShapes()
      }
      let errors = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
      let lines = errors.split(separator: "\n")
      #expect(lines.count == 1, "\(errors)")
      let beginning = "\(#filePath):\(Self.lineOfMistake): Fatal error: add: shapes [2, 3]"
      #expect(lines.first?.hasPrefix(beginning) ?? false, "\(errors)")
      let output = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
      #expect(output.contains("printed before"))
    }

    @Test func negativeSizes() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        MistakePlace.hide()
        _ = Tensor.zeros([-1], device: .cpu)
      }
      expectMessage(result, "Tensor: shape [-1]: a size is 0 or more")
    }

    @Test func negativeSizesOfRandomNumbers() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        MistakePlace.hide()
        _ = Tensor.uniform([2, -3], generator: Generator(seed: 0), device: .cpu)
      }
      expectMessage(result, "Tensor: shape [2, -3]: a size is 0 or more")
    }

    @Test func hugeShapes() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        MistakePlace.hide()
        _ = Tensor.zeros([1 << 40, 1 << 40], device: .cpu).count
      }
      expectMessage(result, "Shape: [1099511627776, 1099511627776] has more elements than 64 bits count")
    }

    @Test func axesOfShapes() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        MistakePlace.hide()
        _ = Tensor.zeros([2, 3], device: .cpu).shape[2]
      }
      expectMessage(result, "Shape: [2, 3] has no axis 2")
    }

    @Test func raggedLists() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        MistakePlace.hide()
        _ = Tensor([[1, 2], [3]], device: .cpu)
      }
      expectMessage(result, "Tensor: nested lists of different lengths")
    }

    @Test func matmulShapes() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        MistakePlace.hide()
        _ = Tensor.zeros([64, 784], device: .cpu).matmul(Tensor.zeros([512, 10], device: .cpu))
      }
      expectMessage(result, "matmul: [64, 784] x [512, 10]: inner dimensions 784 and 512 differ")
    }

    @Test func broadcasting() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        MistakePlace.hide()
        _ = Tensor.zeros([3, 4], device: .cpu) + Tensor.zeros([5], device: .cpu)
      }
      expectMessage(result, "add: shapes [3, 4] and [5]")
    }

    @Test func reshaping() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        MistakePlace.hide()
        _ = Tensor.zeros([3, 4], device: .cpu).reshaped(to: [5, 2])
      }
      expectMessage(result, "reshaped: [3, 4]")
    }

    @Test func axes() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        MistakePlace.hide()
        _ = Tensor.zeros([3, 4], device: .cpu).sum(axis: 2)
      }
      expectMessage(result, "sum: axis 2")
    }

    @Test func indices() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        MistakePlace.hide()
        _ = Tensor.zeros([3, 4], device: .cpu)[0, 4]
      }
      expectMessage(result, "index 4")
    }

    @Test func types() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        MistakePlace.hide()
        _ = Tensor([1, 2] as [Int32], device: .cpu).requiringGradient()
      }
      expectMessage(result, "int32")
    }

    @Test func convolutionShapes() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        MistakePlace.hide()
        _ = Tensor.zeros([1, 3, 5, 5], device: .cpu).conv2D(Tensor.zeros([4, 2, 3, 3], device: .cpu))
      }
      expectMessage(result, "conv2D: input [1, 3, 5, 5] and filter [4, 2, 3, 3]")
    }

    @Test func untrackedGradients() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        MistakePlace.hide()
        _ = Tensor.zeros([3], device: .cpu).sum().gradient(of: Tensor.zeros([3], device: .cpu))
      }
      expectMessage(result, "requires a gradient")
    }
  }
}
