#if OpenCL
  import LatheCore

  extension ReductionKernel {
    private var scalar: ProgramPrinter { ProgramPrinter(program: program, width: 1) }
    private var wide: ProgramPrinter { ProgramPrinter(program: program, width: profile.vectorWidth) }

    var rows: String {
      let last = rank - 1
      let outer = Array(reduced.dropLast())
      return """
        const size_t item = get_global_id(0);
        const size_t split = item % splits;
        const size_t first_output = item / splits * per_item;
        const size_t last_output = min((size_t)outputs, first_output + (size_t)per_item);
        const size_t first = split * chunk;
        const size_t end_of_chunk = min((size_t)count, first + (size_t)chunk);
        for (size_t o = first_output; o < last_output; o++) {
        \(bases { "o\($0)" })
        {
        \(positions(kept))
        \(locate("o", along: kept))
        }
        \(start("sums", wide))
        \(start("total", scalar))
        size_t position = first;
        const size_t first_row = position / n\(last);
        size_t start = position - first_row * n\(last);
        \(positions(outer))
        \(locate("first_row", along: outer))
        while (position < end_of_chunk) {
        const size_t row = position - start;
        const size_t end = min((size_t)n\(last), end_of_chunk - row);
        size_t j = start;
        \(isPair ? runsOfRow : wholeRow)
        position = row + end;
        start = 0;
        \(odometer(outer))
        }
        \(fold("sums", into: "total"))
        y[split * outputs + o] = \(result("total", width: 1));
        }
        """
    }

    /// How many results of a run are made beside each other.
    ///
    /// One alone would wait for each of its additions; a long program has other work meanwhile.
    private var chains: Int { program.instructions.count <= 4 ? 4 : 1 }

    private var runNames: [String] { (0..<chains).map { "run\($0)" } }

    private var noRuns: String {
      let values = runNames.map { "\($0) = \(identity(width: wide.width))" }
      return "\(wide.type(registerType)) \(values.joined(separator: ", "));"
    }

    /// Takes vectors up to an end, each chain one in turn, and then those that are left.
    private func takeVectors(to end: String) -> String {
      func step(_ chain: Int) -> String {
        """
        {
        \(wide.body(accesses: accesses, index: chain == 0 ? "j" : "(j + \(chain * wide.width))"))
        \(runNames[chain]) = \(joined(runNames[chain], register));
        }
        """
      }
      func loop(_ count: Int) -> String {
        let width = count * wide.width
        return """
          for (; j + \(width) <= \(end); j += \(width)) {
          \((0..<count).map(step).joined(separator: "\n"))
          }
          """
      }
      return chains > 1 ? "\(loop(chains))\n\(loop(1))" : loop(1)
    }

    private var chainsJoined: String {
      chains > 1 ? joined(joined("run0", "run1"), joined("run2", "run3")) : "run0"
    }

    /// The rest of a row in runs, whose results are added to pairs.
    private var runsOfRow: String {
      """
      while (j + \(wide.width) <= end) {
      const size_t run_end = \(runEnd("j", step: chains * wide.width, end: "end"));
      \(noRuns)
      \(takeVectors(to: "run_end"))
      const \(wide.type(registerType)) run = \(chainsJoined);
      \(addRun("run", to: "sums", wide))
      }
      if (j < end) {
      \(scalar.type(registerType)) run = \(identity(width: 1));
      for (; j < end; j++) {
      \(scalar.body(accesses: accesses, index: "j"))
      run = \(joined("run", register));
      }
      \(addRun("run", to: "total", scalar))
      }
      """
    }

    /// The rest of a row at once.
    private var wholeRow: String {
      """
      \(noRuns)
      \(takeVectors(to: "end"))
      sums = \(joined("sums", chainsJoined));
      for (; j < end; j++) {
      \(scalar.body(accesses: accesses, index: "j"))
      total = \(joined("total", register));
      }
      """
    }

    var columns: String {
      let last = rank - 1
      return """
        const size_t item = get_global_id(0);
        const size_t split = item % splits;
        const size_t strips = (n\(last) + 63) / 64;
        const size_t units = outputs / n\(last) * strips;
        const size_t first_unit = item / splits * per_item;
        const size_t last_unit = min(units, first_unit + (size_t)per_item);
        const size_t first = split * chunk;
        const size_t end_of_chunk = min((size_t)count, first + (size_t)chunk);
        for (size_t u = first_unit; u < last_unit; u++) {
        const size_t row = u / strips;
        const size_t column = (u - row * strips) * 64;
        const size_t end = min((size_t)n\(last), column + 64);
        __global \(ProgramPrinter.storedType(program.outputs[0].dtype)) *restrict to =
            y + split * outputs + row * n\(last);
        \(accesses.indices.map { "long c\($0) = o\($0);" }.joined(separator: " "))
        {
        \(bases { "c\($0)" })
        \(positions(Array(kept.dropLast())))
        \(locate("row", along: Array(kept.dropLast())))
        \(accesses.indices.map { "c\($0) = b\($0);" }.joined(separator: " "))
        }
        size_t j = column;
        for (; j + \(4 * wide.width) <= end; j += \(4 * wide.width)) {
        \(strip(wide, vectors: 4))
        }
        for (; j + \(wide.width) <= end; j += \(wide.width)) {
        \(strip(wide, vectors: 1))
        }
        for (; j < end; j++) {
        \(strip(scalar, vectors: 1))
        }
        }
        """
    }

    /// Reduces so many vectors of neighbouring outputs.
    private func strip(_ printer: ProgramPrinter, vectors: Int) -> String {
      let width = printer.width
      let type = printer.type(registerType)
      let sums = (0..<vectors).map { start("sums\($0)", printer) }
      let runs = (0..<vectors).map { "\(type) run\($0) = \(identity(width: width));" }
      let steps = (0..<vectors).map { v in
        """
        {
        \(printer.body(accesses: accesses, index: v == 0 ? "j" : "(j + \(v * width))"))
        run\(v) = \(joined("run\(v)", register));
        }
        """
      }
      let additions = (0..<vectors).map { addRun("run\($0)", to: "sums\($0)", printer) }
      let stores = (0..<vectors).map { v in
        let value = result("sums\(v)", width: width)
        return width == 1 ? "to[j] = \(value);" : "vstore\(width)(\(value), 0, to + j + \(v * width));"
      }
      return """
        \(bases { "c\($0)" })
        \(positions(reduced))
        \(locate("first", along: reduced))
        \(sums.joined(separator: "\n"))
        for (size_t r = first; r < end_of_chunk;) {
        const size_t run_end = \(runEnd("r", step: 1, end: "end_of_chunk"));
        \(runs.joined(separator: "\n"))
        for (; r < run_end; r++) {
        \(steps.joined(separator: "\n"))
        \(odometer(reduced))
        }
        \(additions.joined(separator: "\n"))
        }
        \(stores.joined(separator: "\n"))
        """
    }

    var tree: String {
      let type = scalar.type(registerType)
      let printer = aligned ? wide : scalar
      let width = printer.width
      let sums = aligned ? "sums" : "total"
      return """
        __local \(type) shared[256];
        \(isPair ? "__local float shared_rest[256];" : "")
        const size_t o = get_group_id(0);
        const size_t split = get_group_id(1);
        const size_t lane = get_local_id(0);
        const size_t end_of_chunk = min((size_t)count, split * chunk + (size_t)chunk);
        \(accesses.indices.map { "long c\($0) = o\($0);" }.joined(separator: " "))
        {
        \(bases { "c\($0)" })
        \(positions(kept))
        \(locate("o", along: kept))
        \(accesses.indices.map { "c\($0) = b\($0);" }.joined(separator: " "))
        }
        \(start("total", scalar))
        \(aligned ? start("sums", wide) : "")
        for (size_t e = split * chunk + lane * \(width); e < end_of_chunk;) {
        const size_t run_end = \(runEnd("e", step: 256 * width, end: "end_of_chunk"));
        \(printer.type(registerType)) run = \(identity(width: width));
        for (; e < run_end; e += \(256 * width)) {
        \(bases { "c\($0)" })
        \(positions(reduced))
        \(locate("e", along: reduced))
        \(printer.body(accesses: accesses, index: "0", aligned: aligned))
        run = \(joined("run", register));
        }
        \(addRun("run", to: sums, printer))
        }
        \(aligned ? fold("sums", into: "total") : "")
        shared[lane] = total;
        \(isPair ? "shared_rest[lane] = total_rest;" : "")
        barrier(CLK_LOCAL_MEM_FENCE);
        for (size_t half_size = 128; half_size > 0; half_size /= 2) {
        if (lane < half_size) {
        const \(type) other = shared[lane + half_size];
        \(addRun("other", to: "total", scalar))
        shared[lane] = total;
        \(isPair ? "total_rest += shared_rest[lane + half_size];\nshared_rest[lane] = total_rest;" : "")
        }
        barrier(CLK_LOCAL_MEM_FENCE);
        }
        if (lane == 0) y[split * outputs + o] = \(result("total", width: 1));
        """
    }

    var serial: String {
      let printer = aligned ? wide : scalar
      let width = printer.width
      let sums = aligned ? "sums" : "total"
      return """
        const size_t o = get_global_id(0);
        const size_t split = get_global_id(1);
        if (o >= outputs) return;
        const size_t first = split * chunk;
        const size_t end_of_chunk = min((size_t)count, first + (size_t)chunk);
        \(bases { "o\($0)" })
        {
        \(positions(kept))
        \(locate("o", along: kept))
        }
        \(positions(reduced))
        \(locate("first", along: reduced))
        \(start("total", scalar))
        \(aligned ? start("sums", wide) : "")
        for (size_t r = first; r < end_of_chunk;) {
        const size_t run_end = \(runEnd("r", step: width, end: "end_of_chunk"));
        \(printer.type(registerType)) run = \(identity(width: width));
        for (; r < run_end; r += \(width)) {
        \(printer.body(accesses: accesses, index: "0", aligned: aligned))
        run = \(joined("run", register));
        \(odometer(reduced, by: width))
        }
        \(addRun("run", to: sums, printer))
        }
        \(aligned ? fold("sums", into: "total") : "")
        y[split * outputs + o] = \(result("total", width: 1));
        """
    }
  }
#endif
