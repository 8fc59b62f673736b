#if OpenCL
  import LatheCore
  import OpenCLKernels

  /// The text that a kernel is built from; `common.clh` goes in front of it.
  package enum KernelSource: Hashable, Sendable {
    /// A file of `kernels/opencl`, such as `reduction.cl`.
    case file(String)
    /// Text made at run time, with a name for messages.
    case generated(name: String, text: String)
    /// Text that a program brought along, with a name for messages: it is built as it is, so that a build log has its line
    /// numbers.
    case custom(name: String, text: String)

    /// The file's name, or the name given to generated text.
    package var name: String {
      switch self {
      case .file(let name): name
      case .generated(let name, _), .custom(let name, _): name
      }
    }

    /// Whether a program brought it along.
    var isCustom: Bool { if case .custom = self { true } else { false } }

    /// The last line of what goes in front of every source of Lathe's own.
    static let end = "// End of the common part"

    /// The whole text: `common.clh`, `math.clh` for those of the profile's vector widths that the source or its options
    /// name a function of (`lathe_exp_f16`), with `math_arcs.clh` behind it where one is of those, `lanes.clh` where the source has vectors as wide as the
    /// device's, `stored.clh` where operands may be of 16 bits, `blocks.clh` where they are blocks, `product_tiles.clh` where it
    /// multiplies tiles, the files of matrix units where it uses those, `matrix_slices.clh` and `matrix_wgmma.clh` for tiles on them,
    /// `convolution_taps.clh` where they are a convolution's, `winograd_points.clh` where it goes to points and back, `scaled.clh`
    /// for products of many numbers, and the source itself.
    func text(
      for profile: KernelProfile, _ options: KernelOptions, _ vectors: VectorRegisters = .widest
    ) throws -> String {
      let body: String
      switch self {
      case .file(let name): body = try KernelSource.content(of: name)
      case .generated(_, let text): body = text
      case .custom(_, let text): return text
      }
      var text = try KernelSource.content(of: "common.clh")
      var math = try KernelSource.content(of: "math.clh")
      // Conversions are only in what is built for narrow types.
      let isNarrow = options["OPERANDS"] != nil || options["RESULTS"] != nil
      let takesStored = profile == .gpu && body.contains("LATHE_TILE") || body.contains("LATHE_STORED")
      let stored = takesStored ? try KernelSource.content(of: "stored.clh") : ""
      let named = body + options.arguments + (isNarrow ? stored : "")
      if KernelSource.arcs.contains(where: { named.contains("lathe_\($0)_f") }) {
        math += try KernelSource.content(of: "math_arcs.clh")
      }
      let isDouble = KernelSource.usesDouble(named)
      if isDouble { text = KernelSource.doubles + text }
      // Tuned element-wise kernels have vectors of other widths.
      let others = [2, 8].filter { width in
        width != profile.vectorWidth && ["f", "d"].contains { named.contains("_\($0)\(width)(") }
      }
      for width in [1, profile.vectorWidth] + others {
        let helps = isDouble && named.contains("_d\(width)(")
        let hasMath = named.contains("_f\(width)") || named.contains("_f##")
        guard helps || hasMath else { continue }
        text += KernelSource.definitions(width: width) + (hasMath ? math : "")
        if helps { text += try KernelSource.content(of: "math_f64.clh") }
      }
      if profile == .cpu && body.contains("LATHE_V") {
        text += try KernelSource.lanes(vectors)
      }
      text += stored
      if profile == .gpu && body.contains("LATHE_TILE") {
        text += try KernelSource.content(of: "product_tiles.clh")
      }
      if body.contains("LATHE_BLOCK") { text += try KernelSource.content(of: "blocks.clh") }
      if body.contains("LATHE_ROUNDS") { text += try KernelSource.content(of: "block_rounded_cpu.clh") }
      if body.contains("MATRIX_GROUP") {
        for name in KernelSource.matrixFiles { text += try KernelSource.content(of: name) }
      }
      if body.contains("LATHE_MATRIX_TILE") {
        text += try KernelSource.content(of: "matrix_slices.clh")
        if options[KernelOptions.warpGroups] != nil {
          text += try KernelSource.content(of: "matrix_wgmma.clh")
        }
      }
      if body.contains("CONVOLUTION_TILE") { text += try KernelSource.content(of: "convolution_taps.clh") }
      if body.contains("taps_to_points") { text += try KernelSource.content(of: "winograd_points.clh") }
      if body.contains("LATHE_SCALED") { text += try KernelSource.content(of: "scaled.clh") }
      return text + KernelSource.end + "\n" + body
    }

    /// Matrix units: what all forms have in common, and each form.
    private static let matrixFiles = ["units", "nvidia", "amd", "intel", "emulated"].map {
      "matrix_\($0).clh"
    }

    /// lanes.clh for a device's vectors.
    private static func lanes(_ vectors: VectorRegisters) throws -> String {
      "#define LATHE_LANES \(vectors.lanes)\n#define LATHE_REGISTERS \(vectors.count)\n"
        + (try content(of: "lanes.clh"))
    }

    /// In front of programs that have float64, and only of those: other devices do not take it.
    private static let doubles = "#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n"

    /// Whether a program has variables of float64.
    private static func usesDouble(_ text: String) -> Bool { text.contains("double") }

    /// The functions of math_arcs.clh, which few programs have.
    private static let arcs = [
      "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "asinh", "acosh", "atanh",
    ]

    /// The declarations of built-in functions, for runtimes whose own take long to read: with vectors as wide as the
    /// profile's, or as those that a text names.
    static func builtins(for text: String, _ profile: KernelProfile) throws -> String {
      let names = ["float", "double", "int", "long", "vload"]
      let widest =
        [16, 8].first { width in names.contains { text.contains("\($0)\(width)") } } ?? 4
      // Narrower vectors are the halves of wider ones.
      let widths = [2, 4, 8, 16].filter { $0 <= max(widest, profile.vectorWidth) }
      let list = widths.map { " M(\($0))" }.joined()
      let builtins = try "#define LATHE_VECTORS(M)\(list)\n" + content(of: "builtins.clh")
      return text.hasPrefix(doubles) ? try builtins + content(of: "builtins_f64.clh") : builtins
    }

    /// The names that math.clh needs.
    private static func definitions(width: Int) -> String {
      let w = width == 1 ? "" : "\(width)"
      let definitions = [
        ("LATHE_F", "float\(w)"), ("LATHE_I", "int\(w)"), ("LATHE_U", "uint\(w)"),
        ("LATHE_D", "double\(w)"), ("LATHE_TO_DOUBLE", "convert_double\(w)"),
        ("LATHE_TO_I", "convert_int\(w)"),
        ("LATHE_U16", "ushort\(w)"),
        ("LATHE_AS_F", "as_float\(w)"), ("LATHE_AS_I", "as_int\(w)"), ("LATHE_AS_U", "as_uint\(w)"),
        ("LATHE_TO_FLOAT", "convert_float\(w)"), ("LATHE_TO_U16", "convert_ushort\(w)"),
        ("LATHE_FROM_U16", "convert_uint\(w)"), ("LATHE_NAME(name)", "name##_f\(width)"),
        ("LATHE_DOUBLE_NAME(name)", "name##_d\(width)"),
        ("LATHE_ANY(mask)", width == 1 ? "(mask)" : "any(mask)"),
      ]
      return definitions.map { name, value in
        "#undef \(name.prefix { $0 != "(" })\n#define \(name) \(value)\n"
      }.joined()
    }

    /// A file's text: from LATHE_KERNEL_DIR where that is set (for work on kernels), else from the program.
    static func content(of name: String) throws -> String {
      if let folder = environment("LATHE_KERNEL_DIR") {
        guard let bytes = FileBytes.read("\(folder)/\(name)") else {
          throw LatheError(.file, "\(folder)/\(name): cannot be read; LATHE_KERNEL_DIR must hold the kernels")
        }
        return String(decoding: bytes, as: UTF8.self)
      }
      guard let text = lathe_opencl_kernel_source(name) else {
        throw LatheError(.kernelBuild, "there is no kernel file \(name) in kernels/opencl/embed.c")
      }
      return String(cString: text)
    }
  }

  /// Preprocessor definitions that a kernel is built with, in the order written.
  package struct KernelOptions: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    /// A definition's value.
    package enum Value: Hashable, Sendable, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
      case int(Int)
      case string(String)
      package init(integerLiteral value: Int) { self = .int(value) }
      package init(stringLiteral value: String) { self = .string(value) }
    }

    /// The most registers of a work-item, where a compiler takes more by itself and needs no more.
    static let registers = "LATHE_MOST_REGISTERS"

    /// Of programs whose PTX holds instructions for warp groups; see PTXSplice.
    static let warpGroups = "MATRIX_WGMMA"

    var names: [String] = []
    var values: [Value] = []

    package init(dictionaryLiteral elements: (String, Value)...) {
      for (name, value) in elements { self[name] = value }
    }

    /// The definition of a name.
    package subscript(name: String) -> Value? {
      get { names.firstIndex(of: name).map { values[$0] } }
      set {
        if let index = names.firstIndex(of: name) {
          names.remove(at: index)
          values.remove(at: index)
        }
        guard let newValue else { return }
        names.append(name)
        values.append(newValue)
      }
    }

    /// Adds definitions behind these.
    mutating func add(_ others: KernelOptions) {
      for (name, value) in zip(others.names, others.values) { self[name] = value }
    }

    /// The definitions as compiler arguments.
    var arguments: String {
      zip(names, values).map { name, value in
        switch value {
        case .int(let number): " -D\(name)=\(number)"
        case .string(let text): " -D\(name)=\(text)"
        }
      }.joined()
    }
  }
#endif
