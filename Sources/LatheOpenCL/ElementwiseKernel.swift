#if OpenCL
  import LatheCore

  /// The text of the kernel `elementwise` for a program and the way its operands lie.
  ///
  /// Sizes and strides are arguments, so that another batch size needs no other kernel.
  struct ElementwiseKernel {
    let program: ElementwiseProgram
    let profile: KernelProfile
    /// Collapsed axes; 1 means that the outputs are one run of elements.
    let rank: Int
    /// How each input is read along the innermost axis.
    let accesses: [Access]
    /// Elements of a vector.
    let width: Int
    /// gpu: whether work-items take vectors along the innermost axis, at which every operand has whole, aligned ones.
    let aligned: Bool
    /// gpu, several axes: whether places have 31 bits.
    let isNarrow: Bool

    /// What the text depends on, beside the program and the profile.
    var form: [UInt8] {
      [0, UInt8(rank), UInt8(width), aligned ? 1 : 0, isNarrow ? 1 : 0] + accesses.map(\.rawValue)
    }

    private var outputs: [String] {
      program.outputs.enumerated().map { k, output in
        "__global \(ProgramPrinter.storedType(output.dtype)) *restrict y\(k)"
      }
    }

    /// Steps along the axes: `t<input>_<axis>`, and for strided inputs `s<input>` along the innermost one.
    private var strides: [String] {
      accesses.enumerated().flatMap { k, access in
        (0..<(rank - 1)).map { "\(step) t\(k)_\($0)" } + (access == .strided ? ["\(step) s\(k)"] : [])
      }
    }

    /// The type of a step.
    private var step: String { isNarrow ? "int" : "long" }

    /// `n<axis>`, the sizes of all axes but the outermost, of the innermost in vectors; `d<axis>` divides by one.
    private var sizes: [String] {
      (1..<max(rank, 1)).flatMap { isNarrow ? ["int n\($0)", "uint2 d\($0)"] : ["ulong n\($0)"] }
    }

    var text: String {
      let parameters =
        ProgramPrinter.parameters(program) + outputs + ["ulong n", "ulong block"] + sizes + strides
      let local = profile == .cpu ? 1 : 256
      return """
        \(ProgramPrinter.stepByStep)
        __kernel __attribute__((reqd_work_group_size(\(local), 1, 1)))
        void elementwise(\(parameters.joined(separator: ",\n    "))) {
        \(profile == .cpu ? (rank == 1 ? cpuRun : cpuRows) : (rank == 1 ? gpuRun : gpuElements))
        }

        """
    }

    private func loop(from: String, to: String, output: String) -> String {
      let wide = ProgramPrinter(program: program, width: width)
      let scalar = ProgramPrinter(program: program, width: 1)
      return """
        size_t j = \(from);
        for (; j + \(wide.width) <= \(to); j += \(wide.width)) {
        \(wide.body(accesses: accesses, index: "j"))
        \(wide.stores(index: "\(output)j"))
        }
        for (; j < \(to); j++) {
        \(scalar.body(accesses: accesses, index: "j"))
        \(scalar.stores(index: "\(output)j"))
        }
        """
    }

    private var bases: String {
      accesses.indices.map { "long b\($0) = o\($0);" }.joined(separator: "\n")
    }

    /// A work-item does a block of a run of elements.
    private var cpuRun: String {
      """
      \(bases)
      const size_t first = get_global_id(0) * block;
      const size_t last = min((size_t)n, first + (size_t)block);
      \(loop(from: "first", to: "last", output: ""))
      """
    }

    /// A work-item does a block of elements row by row; the outer axes are counted like an odometer.
    private var cpuRows: String {
      let inner = "n\(rank - 1)"
      let outer = (0..<(rank - 1)).reversed()
      let start = outer.map { axis in
        // The outermost index is what is left.
        axis == 0 ? "size_t i0 = rest;" : "size_t i\(axis) = rest % n\(axis); rest /= n\(axis);"
      }.joined(separator: "\n")
      let moved = accesses.indices.map { k in
        (0..<(rank - 1)).map { "b\(k) += (long)i\($0) * t\(k)_\($0);" }.joined(separator: " ")
      }.joined(separator: "\n")
      return """
        \(bases)
        size_t position = get_global_id(0) * block;
        const size_t last = min((size_t)n, position + (size_t)block);
        size_t rest = position / \(inner);
        size_t start = position - rest * \(inner);
        \(start)
        \(moved)
        while (position < last) {
        const size_t row = position - start;
        const size_t end = min((size_t)\(inner), last - row);
        {
        \(loop(from: "start", to: "end", output: "row + "))
        }
        position = row + end;
        start = 0;
        \(odometer(axis: rank - 2))
        }
        """
    }

    private func odometer(axis: Int) -> String {
      let step = accesses.indices.map { "b\($0) += t\($0)_\(axis);" }.joined(separator: " ")
      guard axis > 0 else { return "\(step) i0++;" }
      let back = accesses.indices.map { "b\($0) -= (long)n\(axis) * t\($0)_\(axis);" }.joined(separator: " ")
      return """
        \(step)
        if (++i\(axis) == n\(axis)) {
        i\(axis) = 0; \(back)
        \(odometer(axis: axis - 1))
        }
        """
    }

    /// Work-items take vectors in turn; the one behind the last whole vector does the rest.
    private var gpuRun: String {
      let wide = ProgramPrinter(program: program, width: width)
      let scalar = ProgramPrinter(program: program, width: 1)
      return """
        \(bases)
        size_t j = get_global_id(0) * \(wide.width);
        for (; j + \(wide.width) <= n; j += get_global_size(0) * \(wide.width)) {
        \(wide.body(accesses: accesses, index: "j", aligned: aligned))
        \(wide.stores(index: "j", aligned: aligned))
        }
        #pragma unroll 1
        for (; j < n; j++) {
        \(scalar.body(accesses: accesses, index: "j"))
        \(scalar.stores(index: "j"))
        }
        """
    }

    /// Work-items take elements, or vectors, in turn and find their place from the element's number.
    private var gpuElements: String {
      let width = aligned ? self.width : 1
      let printer = ProgramPrinter(program: program, width: width)
      let (number, signed) = isNarrow ? ("uint", "int") : ("size_t", "long")
      let places = (1..<rank).reversed().map { axis in
        isNarrow
          ? "const int q\(axis) = lathe_quotient(rest, d\(axis)), i\(axis) = rest - q\(axis) * n\(axis);"
            + " rest = q\(axis);"
          : "const long i\(axis) = rest % n\(axis); rest /= n\(axis);"
      }.joined(separator: "\n")
      let offsets = accesses.indices.map { k in
        let outer = (0..<(rank - 1)).map { "i\($0) * t\(k)_\($0)" }.joined(separator: " + ")
        return "const long b\(k) = o\(k) + (\(outer));"
      }.joined(separator: "\n")
      return """
        for (\(number) e = get_global_id(0) * \(width); e < n; e += get_global_size(0) * \(width)) {
        \(isNarrow ? "int" : "ulong") rest = e / \(width);
        \(places)
        const \(signed) i0 = rest;
        const \(signed) j = i\(rank - 1) * \(width);
        \(offsets)
        \(printer.body(accesses: accesses, index: "j", aligned: aligned))
        \(printer.stores(index: "e", aligned: aligned))
        }
        """
    }
  }
#endif
