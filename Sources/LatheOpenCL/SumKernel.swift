#if OpenCL
  import LatheCore

  /// The text of the kernel that sums along an axis of each of many tensors.
  ///
  /// Where the axis is the last one, the `cpu` profile gives a block rows of about 4096 elements together and the `gpu`
  /// profile one row, joined by a tree in local memory; else a block is 64 columns, added row by row.
  struct SumKernel {
    let squares: Bool
    let count: Int
    let profile: KernelProfile

    static let numbers: [(type: String, name: String)] =
      ["offset", "outer", "count", "inner", "elements", "first"].map { ("int", $0) } + [("float", "divisor")]

    /// Work-groups for a tensor.
    static func blocks(_ sum: AxisSum, _ profile: KernelProfile) -> Int {
      if sum.inner > 1 { return sum.outer * ceilingDivide(sum.inner, 64) }
      return profile == .cpu ? ceilingDivide(sum.outer, max(1, 4096 / max(sum.count, 1))) : sum.outer
    }

    var text: String {
      let items = ManyTensorsSource.items(profile)
      return ManyTensorsSource(
        pointers: [.init(name: "x")], numbers: SumKernel.numbers, shared: ["__global float *y"],
        body: """
          \(profile == .gpu ? "__local float sums[\(items)], rests[\(items)];" : "")
          if (inner == 1) {
          \(profile == .cpu ? cpuRows : gpuRow)
          } else {
          const int parts = (inner + 63) / 64;
          const int plane = block / parts;
          const int column = (block - plane * parts) * 64;
          const int columns = min(inner - column, 64);
          __global const float *from = x + offset + (long)plane * count * inner + column;
          __global float *to = y + first + plane * inner + column;
          \(profile == .cpu ? cpuColumns : columns(1, from: "(int)get_local_id(0)", to: "columns", step: 64))
          }
          """, count: count, profile: profile
      ).text
    }

    private var term: String { squares ? "value * value" : "value" }

    private var cpuRows: String {
      let width = profile.vectorWidth
      return """
        const int rows = max(1, 4096 / max(count, 1));
        const int end = min(outer, (block + 1) * rows);
        for (int row = block * rows; row < end; row++) {
        __global const float *from = x + offset + (long)row * count;
        const int length = min(count, elements - row * count);
        float\(width) lanes = 0.0f;
        float\(width) rests = 0.0f;
        int i = 0;
        while (i + \(width) <= length) {
        float\(width) run = 0.0f;
        for (int k = 0; k < LATHE_RUN && i + \(width) <= length; k++, i += \(width)) {
        const float\(width) value = vload\(width)(0, from + i);
        run += \(term);
        }
        LATHE_ADD_RUN(float\(width), lanes, rests, run)
        }
        float each[\(width)];
        vstore\(width)(lanes, 0, each);
        float total = 0.0f;
        float rest = 0.0f;
        for (int k = 0; k < \(width); k++) LATHE_ADD_RUN(float, total, rest, each[k])
        vstore\(width)(rests, 0, each);
        for (int k = 0; k < \(width); k++) rest += each[k];
        float run = 0.0f;
        for (; i < length; i++) {
        const float value = from[i];
        run += \(term);
        }
        LATHE_ADD_RUN(float, total, rest, run)
        y[first + row] = lathe_total_f1(total, rest, divisor);
        }
        """
    }

    private var gpuRow: String {
      let items = ManyTensorsSource.items(profile)
      return """
        const int me = (int)get_local_id(0);
        __global const float *from = x + offset + (long)block * count;
        const int length = min(count, elements - block * count);
        float total = 0.0f;
        float rest = 0.0f;
        for (int i = me; i < length;) {
        float run = 0.0f;
        for (int k = 0; k < LATHE_RUN && i < length; k++, i += \(items)) {
        const float value = from[i];
        run += \(term);
        }
        LATHE_ADD_RUN(float, total, rest, run)
        }
        sums[me] = total;
        rests[me] = rest;
        for (int distance = \(items / 2); distance > 0; distance /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (me < distance) {
        const float other = sums[me + distance];
        LATHE_ADD_RUN(float, total, rest, other)
        rest += rests[me + distance];
        sums[me] = total;
        rests[me] = rest;
        }
        }
        if (me == 0) y[first + block] = lathe_total_f1(total, rest, divisor);
        """
    }

    private var cpuColumns: String {
      let width = profile.vectorWidth
      return """
        const int whole = columns / \(width) * \(width);
        \(columns(width, from: "0", to: "whole", step: width))
        \(columns(1, from: "whole", to: "columns", step: 1))
        """
    }

    private func columns(_ width: Int, from: String, to: String, step: Int) -> String {
      let type = width == 1 ? "float" : "float\(width)"
      return """
        for (int j = \(from); j < \(to); j += \(step)) {
        \(type) total = 0.0f;
        \(type) rest = 0.0f;
        for (int i = 0; i < count;) {
        \(type) run = 0.0f;
        for (int k = 0; k < LATHE_RUN && i < count; k++, i++) {
        const \(type) value = \(width == 1 ? "from[(long)i * inner + j]" : "vload\(width)(0, from + (long)i * inner + j)");
        run += \(term);
        }
        LATHE_ADD_RUN(\(type), total, rest, run)
        }
        const \(type) result = lathe_total_f\(width)(total, rest, divisor);
        \(width == 1 ? "to[j] = result;" : "vstore\(width)(result, 0, to + j);")
        }
        """
    }
  }
#endif
