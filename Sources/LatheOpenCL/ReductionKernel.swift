#if OpenCL
  import LatheCore

  /// The text of the kernel `reduce` for a reduction and the way its operands lie.
  ///
  /// The reduced elements of an output are numbered in row-major order and may be split into chunks, each of which
  /// gives one partial result: result (split, output) is stored at `split * outputs + output`.
  struct ReductionKernel {
    /// How the work is laid out.
    enum Mode: UInt8 {
      /// cpu: a work-item reduces whole outputs, with vectors along the innermost axis, which is reduced.
      case rows
      /// cpu: a work-item reduces strips of outputs, with vectors along the innermost axis, which is kept.
      case columns
      /// gpu: a work-group reduces an output in local memory.
      case tree
      /// gpu: a work-item reduces an output.
      case serial
    }

    let kind: ReductionKind
    let program: ElementwiseProgram
    let profile: KernelProfile
    let mode: Mode
    /// For each collapsed axis whether it is reduced.
    let labels: [Bool]
    /// How each input is read along the innermost axis.
    let accesses: [Access]
    /// Whether so many elements are added that floats would lose digits.
    let isLong: Bool
    /// gpu: whether places have 31 bits.
    let isNarrow: Bool
    /// gpu: whether work-items take whole, aligned vectors along the innermost axis, which is reduced.
    let aligned: Bool

    /// What the text depends on, beside the program and the profile.
    var form: [UInt8] {
      [1, mode.rawValue, kind.rawValue, isLong ? 1 : 0, isNarrow ? 1 : 0, aligned ? 1 : 0]
        + labels.map { $0 ? 1 : 0 } + [2]
        + accesses.map(\.rawValue)
    }

    var rank: Int { labels.count }
    var kept: [Int] { labels.indices.filter { !labels[$0] } }
    var reduced: [Int] { labels.indices.filter { labels[$0] } }
    var register: String { "r\(program.outputs[0].register)" }
    var registerType: DType { program.type(of: Int(program.outputs[0].register)) }

    var text: String {
      let stored = ProgramPrinter.storedType(program.outputs[0].dtype)
      var parameters = ProgramPrinter.parameters(program)
      parameters += [
        "__global \(stored) *restrict y", "ulong outputs", "ulong count", "ulong splits", "ulong chunk",
        "ulong per_item", "\(registerType == .float64 ? "double" : "float") divisor",
      ]
      parameters += labels.indices.flatMap { ["ulong n\($0)"] + (isNarrow ? ["uint2 d\($0)"] : []) }
      for (k, access) in accesses.enumerated() {
        parameters += (0..<(rank - 1)).map { "long t\(k)_\($0)" }
        if access == .strided { parameters.append("long s\(k)") }
      }
      let local = profile == .cpu ? 1 : (mode == .tree ? 256 : 64)
      return """
        __kernel __attribute__((reqd_work_group_size(\(local), 1, 1)))
        void reduce(\(parameters.joined(separator: ",\n    "))) {
        \(bodyText)
        }

        """
    }

    private var bodyText: String {
      switch mode {
      case .rows: rows
      case .columns: columns
      case .tree: tree
      case .serial: serial
      }
    }

    // MARK: - Pieces of text

    /// A step of input `k` along an axis.
    func stride(_ k: Int, _ axis: Int) -> String {
      guard axis == rank - 1 else { return "t\(k)_\(axis)" }
      switch accesses[k] {
      case .contiguous: return "1"
      case .broadcast: return "0"
      case .strided: return "s\(k)"
      }
    }

    /// `b<k>` with a value.
    func bases(_ value: (Int) -> String) -> String {
      accesses.indices.map { "long b\($0) = \(value($0));" }.joined(separator: "\n")
    }

    /// Splits `number` into positions along axes and moves the bases there; positions stay as `i<axis>`.
    func locate(_ number: String, along axes: [Int], whole: Bool = true) -> String {
      var lines = [isNarrow ? "int rest = (int)(\(number));" : "size_t rest = \(number);"]
      for (place, axis) in axes.enumerated().reversed() {
        let isOutermost = place == 0 && whole
        lines.append(isOutermost ? "i\(axis) = rest;" : positionAlong(axis))
        lines += accesses.indices.map { "b\($0) += (long)i\(axis) * \(stride($0, axis));" }
      }
      return axes.isEmpty ? "" : "{\n\(lines.joined(separator: "\n"))\n}"
    }

    /// Takes the position along an axis from `rest`.
    private func positionAlong(_ axis: Int) -> String {
      isNarrow
        ? "const int q\(axis) = lathe_quotient(rest, d\(axis)); i\(axis) = rest - q\(axis) * (int)n\(axis);"
          + " rest = q\(axis);"
        : "i\(axis) = rest % n\(axis); rest /= n\(axis);"
    }

    func positions(_ axes: [Int]) -> String { axes.map { "size_t i\($0) = 0;" }.joined(separator: " ") }

    /// Moves the bases to the next element along axes, or to the one so many behind along the last of them.
    func odometer(_ axes: [Int], by count: Int = 1) -> String {
      guard let axis = axes.last else { return "" }
      let times = count == 1 ? "" : "\(count) * "
      let step = accesses.indices.map { "b\($0) += \(times)\(stride($0, axis));" }.joined(separator: " ")
      guard axes.count > 1 else { return "\(step) i\(axis) += \(count);" }
      let back = accesses.indices.map { "b\($0) -= (long)n\(axis) * \(stride($0, axis));" }
      return """
        \(step)
        if ((i\(axis) += \(count)) == n\(axis)) {
        i\(axis) = 0; \(back.joined(separator: " "))
        \(odometer(Array(axes.dropLast())))
        }
        """
    }

    /// The value that leaves every other as it is.
    func identity(width: Int) -> String {
      let type = ProgramPrinter(program: program, width: width).type(registerType)
      let value: String
      switch (kind, registerType) {
      case (.sum, _), (.any, _): value = "0"
      case (.product, _): value = "1"
      case (.all, _), (.min, .bool): value = width == 1 ? "1" : "-1"
      case (.max, .float32), (.max, .float64): value = "-INFINITY"
      case (.max, .int32): value = "INT_MIN"
      case (.max, .int64): value = "LONG_MIN"
      case (.max, _): value = "0"
      case (.min, .int32): value = "INT_MAX"
      case (.min, .int64): value = "LONG_MAX"
      case (.min, .uint8): value = "255"
      case (.min, _): value = "INFINITY"
      }
      return "(\(type))(\(value))"
    }

    /// Two values joined; any vector width.
    func joined(_ a: String, _ b: String) -> String {
      switch (kind, registerType) {
      case (.any, _), (.max, .bool): "(\(a) | \(b))"
      case (.all, _), (.min, .bool): "(\(a) & \(b))"
      case (.sum, _): "(\(a) + \(b))"
      case (.product, _): "(\(a) * \(b))"
      case (.max, .float32): "select(\(a), \(b), \(b) > \(a) || isnan(\(b)))"
      case (.min, .float32): "select(\(a), \(b), \(b) < \(a) || isnan(\(b)))"
      // A choice by each lane, of scalars and of vectors.
      case (.max, .float64): "((\(b) > \(a) || isnan(\(b))) ? \(b) : \(a))"
      case (.min, .float64): "((\(b) < \(a) || isnan(\(b))) ? \(b) : \(a))"
      case (.max, _): "max(\(a), \(b))"
      case (.min, _): "min(\(a), \(b))"
      }
    }

    /// Whether results are long sums of floats, which are kept as pairs; see common.clh.
    var isPair: Bool { isLong && kind == .sum && registerType == .float32 }

    /// A result with nothing in it yet.
    func start(_ name: String, _ printer: ProgramPrinter) -> String {
      let type = printer.type(registerType)
      let value = "\(type) \(name) = \(identity(width: printer.width));"
      return isPair ? "\(value) \(type) \(name)_rest = 0.0f;" : value
    }

    /// Where a run that begins at `first` ends.
    func runEnd(_ first: String, step: Int, end: String) -> String {
      isPair ? "min((size_t)\(end), \(first) + LATHE_RUN * \(step))" : end
    }

    /// Joins a run's result with those before it.
    func addRun(_ run: String, to total: String, _ printer: ProgramPrinter) -> String {
      isPair
        ? "LATHE_ADD_RUN(\(printer.type(registerType)), \(total), \(total)_rest, \(run))"
        : "\(total) = \(joined(total, run));"
    }

    /// Joins the lanes of `vector` into the scalar `total`.
    func fold(_ vector: String, into total: String) -> String {
      let scalar = ProgramPrinter(program: program, width: 1)
      guard isPair else {
        let last = registerType == .bool ? "(\(vector)1 & 1)" : "\(vector)1"
        return "\(lanesJoined(vector))\n\(total) = \(joined(total, last));"
      }
      return """
        \(lanesJoined(vector))
        \(lanesJoined("\(vector)_rest"))
        \(addRun("\(vector)1", to: total, scalar))
        \(total)_rest += \(vector)_rest1;
        """
    }

    /// The lanes of `vector` joined as the scalar `<vector>1`.
    private func lanesJoined(_ vector: String) -> String {
      let element = ProgramPrinter(program: program, width: 1).type(registerType)
      var lines: [String] = []
      var name = vector
      var width = profile.vectorWidth / 2
      while width >= 1 {
        let type = width == 1 ? element : "\(element)\(width)"
        lines.append("const \(type) \(vector)\(width) = \(joined("\(name).lo", "\(name).hi"));")
        name = "\(vector)\(width)"
        width /= 2
      }
      return lines.joined(separator: "\n")
    }

    /// A result as it is stored.
    func result(_ name: String, width: Int) -> String {
      let isSum = kind == .sum && registerType == .float32
      if kind == .sum, registerType == .float64 {
        return ProgramPrinter(program: program, width: width)
          .stored("(\(name) / divisor)", as: program.outputs[0].dtype)
      }
      let rest = isPair ? "\(name)_rest" : "0.0f"
      let value = isSum ? "lathe_total_f\(width)(\(name), \(rest), divisor)" : name
      return ProgramPrinter(program: program, width: width).stored(value, as: program.outputs[0].dtype)
    }
  }
#endif
