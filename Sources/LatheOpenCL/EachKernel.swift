#if OpenCL
  import LatheCore

  /// The text of the kernel that runs an element-wise program on many tensors, each of its own shape.
  struct EachKernel {
    /// How an input lies in every tensor.
    enum Reading: Hashable {
      /// As the output, from the buffer's start on.
      case plain
      /// One element for all.
      case single
      /// Along rows: a shape of three axes with any steps; the last axis' step where it is the same for all tensors.
      case rows(Access)

      var code: UInt8 {
        switch self {
        case .plain: 0
        case .single: 1
        case .rows(let access): 2 + access.rawValue
        }
      }

      /// Numbers that each tensor passes for it.
      var numberCount: Int {
        switch self {
        case .plain: 0
        case .single: 1
        case .rows(let access): access == .strided ? 4 : 3
        }
      }
    }

    let program: ElementwiseProgram
    let readings: [Reading]
    /// For each output the input whose memory it takes in every tensor; nil for memory of its own.
    let aliases: [Int?]
    let count: Int
    let profile: KernelProfile

    var hasRows: Bool { readings.contains { if case .rows = $0 { true } else { false } } }

    var pointers: [ManyTensorsSource.Pointer] {
      program.inputs.enumerated().map { k, dtype in
        .init(
          name: "x\(k)", element: ProgramPrinter.storedType(dtype), isConstant: !aliases.contains(k),
          isDivided: readings[k] == .plain)
      }
        + program.outputs.enumerated().filter { aliases[$0.offset] == nil }.map { k, output in
          .init(name: "y\(k)", element: ProgramPrinter.storedType(output.dtype), isConstant: false)
        }
    }

    /// `n` elements in rows of `m`, `q` rows a plane, and what each input needs.
    var numbers: [(type: String, name: String)] {
      var names = ["n"] + (hasRows ? ["q", "m"] : [])
      for (k, reading) in readings.enumerated() {
        names += ["o\(k)", "t\(k)", "u\(k)", "s\(k)"].prefix(reading.numberCount)
      }
      return names.map { ("int", $0) }
    }

    /// What the text depends on, beside the program and the profile.
    var form: [UInt8] {
      [7, UInt8(count)] + readings.map(\.code) + aliases.map { UInt8($0.map { $0 + 1 } ?? 0) }
    }

    var text: String {
      let shared = program.scalars.indices.map { ProgramPrinter.scalarParameter(program, $0) }
      let kernel = ManyTensorsSource(
        pointers: pointers, numbers: numbers, shared: shared, body: "\(targets)\n\(body)", count: count,
        profile: profile, hasParts: !hasRows)
      return "\(ProgramPrinter.stepByStep)\n\(kernel.text)"
    }

    /// Outputs that lie where an input is, by the name that the printer stores them to.
    private var targets: String {
      aliases.enumerated().compactMap { k, alias in
        alias.map {
          "__global \(ProgramPrinter.storedType(program.outputs[k].dtype)) *y\(k) = (__global \(ProgramPrinter.storedType(program.outputs[k].dtype)) *)x\($0);"
        }
      }.joined(separator: "\n")
    }

    private var accesses: [Access] {
      readings.map {
        switch $0 {
        case .plain: .contiguous
        case .single: .broadcast
        case .rows(let access): access
        }
      }
    }

    private func element(_ width: Int, index: String, output: String) -> String {
      let printer = ProgramPrinter(program: program, width: width)
      // Buffers begin at whole vectors.
      let aligned = profile == .gpu && !hasRows
      return """
        \(printer.body(accesses: accesses, index: index, aligned: aligned))
        \(printer.stores(index: output, aligned: aligned))
        """
    }

    private var body: String {
      guard hasRows else {
        let bases = readings.indices.map { "const long b\($0) = \(readings[$0] == .plain ? "0" : "o\($0)");" }
        let loop = ManyTensorsSource.loop(profile) { element($0, index: "j", output: "j") }
        return bases.joined(separator: "\n") + "\n" + loop
      }
      let bases = readings.enumerated().map { k, reading in
        switch reading {
        case .plain: "const long b\(k) = (long)row * m;"
        case .single: "const long b\(k) = o\(k);"
        case .rows: "const long b\(k) = o\(k) + (long)(row / q) * t\(k) + (long)(row % q) * u\(k);"
        }
      }.joined(separator: "\n")
      let size = ManyTensorsSource.block(profile)
      let head = "const int first = block * \(size);\nconst int last = min(first + \(size), n);\n"
      guard profile == .cpu else {
        return head + """
          for (int e = first + (int)get_local_id(0); e < last; e += \(ManyTensorsSource.items(profile))) {
          const int row = e / m;
          const int j = e - row * m;
          \(bases)
          \(element(1, index: "j", output: "e"))
          }
          """
      }
      let width = profile.vectorWidth
      return head + """
        for (int e = first; e < last;) {
        const int row = e / m;
        const int stop = min(m, e - row * m + last - e);
        const int line = row * m;
        \(bases)
        int j = e - line;
        e += stop - j;
        for (; j + \(width) <= stop; j += \(width)) {
        \(element(width, index: "j", output: "line + j"))
        }
        for (; j < stop; j++) {
        \(element(1, index: "j", output: "line + j"))
        }
        }
        """
    }
  }
#endif
