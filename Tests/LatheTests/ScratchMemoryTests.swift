import Lathe
import TestSupport
import Testing

extension AllTests {
  /// Memory that the CPU's kernels need besides their operands.
  @Suite("Scratch memory", .serialized)
  struct ScratchMemory {
    @Test func aKernelWithoutItThrows() throws {
      // 2^40 keys in the memory of one: rows of their own would take 128 TB.
      let one = Tensor.ones([1, 1, 1, 4], device: .cpu)
      let many = one.expanded(to: [1, 1, 1 << 40, 4])
      let error = #expect(throws: LatheError.self) { try one.attention(keys: many, values: many).bytes() }
      #expect(error?.kind == .outOfMemory)
      #expect(error?.message.contains("scratch") ?? false, "\(error?.message ?? "")")
      // The thread goes on.
      expectEqual(one.attention(keys: one, values: one), NDArray([1, 1, 1, 4], [1, 1, 1, 1]))
    }
  }
}
