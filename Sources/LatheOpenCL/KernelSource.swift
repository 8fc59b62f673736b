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

    /// The whole text, `common.clh` included.
    func text() throws -> String {
      let common = try KernelSource.content(of: "common.clh")
      switch self {
      case .file(let name): return try common + KernelSource.content(of: name)
      case .generated(_, let text): return common + text
      }
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
