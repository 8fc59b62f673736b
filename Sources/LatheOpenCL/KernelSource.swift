#if OpenCL
  import LatheCore
  import OpenCLKernels

  /// The text that a kernel is built from; `common.clh` goes in front of it.
  package enum KernelSource: Hashable, Sendable {
    /// A file of `kernels/opencl`, such as `reduction.cl`.
    case file(String)
    /// Text made at run time, with a name for messages.
    case generated(name: String, text: String)

    /// The file's name, or the name given to generated text.
    package var name: String {
      switch self {
      case .file(let name): name
      case .generated(let name, _): name
      }
    }

    /// The last line of what goes in front of every source.
    static let end = "// End of the common part"

    /// The whole text: `common.clh`, `math.clh` for the profile's vector widths, and the source itself.
    func text(for profile: KernelProfile) throws -> String {
      var text = try KernelSource.content(of: "common.clh")
      let math = try KernelSource.content(of: "math.clh")
      for width in [1, profile.vectorWidth] { text += KernelSource.definitions(width: width) + math }
      text += KernelSource.end + "\n"
      switch self {
      case .file(let name): return try text + KernelSource.content(of: name)
      case .generated(_, let body): return text + body
      }
    }

    /// The names that math.clh needs.
    private static func definitions(width: Int) -> String {
      let w = width == 1 ? "" : "\(width)"
      let definitions = [
        ("LATHE_F", "float\(w)"), ("LATHE_I", "int\(w)"), ("LATHE_U", "uint\(w)"),
        ("LATHE_U16", "ushort\(w)"),
        ("LATHE_AS_F", "as_float\(w)"), ("LATHE_AS_I", "as_int\(w)"), ("LATHE_AS_U", "as_uint\(w)"),
        ("LATHE_TO_FLOAT", "convert_float\(w)"), ("LATHE_TO_U16", "convert_ushort\(w)"),
        ("LATHE_FROM_U16", "convert_uint\(w)"), ("LATHE_NAME(name)", "name##_f\(width)"),
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
