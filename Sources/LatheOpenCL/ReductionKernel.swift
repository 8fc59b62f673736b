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

    /// What the text depends on, beside the program and the profile.
    var form: [UInt8] {
      [1, mode.rawValue, kind.rawValue] + labels.map { $0 ? 1 : 0 } + [2] + accesses.map(\.rawValue)
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
        "ulong per_item", "float scale",
      ]
      parameters += labels.indices.map { "ulong n\($0)" }
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
      var lines = ["size_t rest = \(number);"]
      for (place, axis) in axes.enumerated().reversed() {
        let isOutermost = place == 0 && whole
        lines.append(isOutermost ? "i\(axis) = rest;" : "i\(axis) = rest % n\(axis); rest /= n\(axis);")
        lines += accesses.indices.map { "b\($0) += (long)i\(axis) * \(stride($0, axis));" }
      }
      return axes.isEmpty ? "" : "{\n\(lines.joined(separator: "\n"))\n}"
    }

    func positions(_ axes: [Int]) -> String { axes.map { "size_t i\($0) = 0;" }.joined(separator: " ") }

    /// Moves the bases to the next element along axes.
    func odometer(_ axes: [Int]) -> String {
      guard let axis = axes.last else { return "" }
      let step = accesses.indices.map { "b\($0) += \(stride($0, axis));" }.joined(separator: " ")
      guard axes.count > 1 else { return "\(step) i\(axis)++;" }
      let back = accesses.indices.map { "b\($0) -= (long)n\(axis) * \(stride($0, axis));" }
      return """
        \(step)
        if (++i\(axis) == n\(axis)) {
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
      case (.max, .float32): value = "-INFINITY"
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
      case (.max, _): "max(\(a), \(b))"
      case (.min, _): "min(\(a), \(b))"
      }
    }

    /// Joins the lanes of `vector` into the scalar `total`.
    func fold(_ vector: String, into total: String) -> String {
      let element = ProgramPrinter(program: program, width: 1).type(registerType)
      var lines: [String] = []
      var name = vector
      var width = profile.vectorWidth / 2
      while width >= 1 {
        let type = width == 1 ? element : "\(element)\(width)"
        lines.append("const \(type) fold\(width) = \(joined("\(name).lo", "\(name).hi"));")
        name = "fold\(width)"
        width /= 2
      }
      let last = registerType == .bool ? "(fold1 & 1)" : "fold1"
      lines.append("\(total) = \(joined(total, last));")
      return lines.joined(separator: "\n")
    }

    /// A result as it is stored.
    func result(_ name: String, width: Int) -> String {
      let scaled = registerType == .float32 ? "\(name) * scale" : name
      return ProgramPrinter(program: program, width: width).stored(scaled, as: program.outputs[0].dtype)
    }
  }
#endif
