#if OpenCL
  import LatheCore

  extension OpenCLBackend {
    /// Starts the kernels of an operation that a program brought along.
    package func custom(_ custom: CustomKernel, inputs: [Operand], outputs: [Operand]) throws {
      guard let rule = custom.openCL else {
        throw custom.missing(for: "OpenCL devices", on: "\(info.index) (\(info.name))")
      }
      for start in try rule(inputs.map(\.spec), outputs.map(\.spec)) {
        var options = KernelOptions()
        // Sorted, so that the same definitions find the same program.
        for (name, value) in start.definitions.sorted(by: { $0.key < $1.key }) {
          options[name] = .string(value)
        }
        let kernel = try kernel(.custom(name: custom.name, text: start.source), start.kernel, options)
        let arguments = try start.arguments.map {
          try argument($0, of: custom.name, inputs: inputs, outputs: outputs)
        }
        try launch(
          kernel, arguments, global: try sizes(start.global, "global", custom.name),
          local: try start.local.map { try sizes($0, "local", custom.name) })
      }
    }

    private func argument(
      _ argument: OpenCLLaunch.Argument, of name: String, inputs: [Operand], outputs: [Operand]
    ) throws -> KernelArgument {
      func memory(_ operands: [Operand], _ number: Int, _ what: String) throws -> KernelArgument {
        guard operands.indices.contains(number) else {
          throw LatheError(
            .invalidArgument,
            "custom operation '\(name)': an argument names \(what) \(number) of \(operands.count)")
        }
        return .memory(operands[number].memory)
      }
      switch argument {
      case .input(let number): return try memory(inputs, number, "input")
      case .output(let number): return try memory(outputs, number, "output")
      case .int32(let value): return .int32(value)
      case .uint32(let value): return .uint32(value)
      case .int64(let value): return .int64(value)
      case .uint64(let value): return .uint64(value)
      case .float(let value): return .float(value)
      case .local(let byteCount): return .local(byteCount)
      }
    }

    /// Sizes of up to three axes, with 1 for those that are not given.
    private func sizes(_ sizes: [Int], _ what: String, _ name: String) throws -> (Int, Int, Int) {
      guard (1...3).contains(sizes.count), sizes.allSatisfy({ $0 >= (what == "local" ? 1 : 0) }) else {
        throw LatheError(
          .invalidArgument,
          "custom operation '\(name)': \(what) sizes \(sizes), expected one to three that are not negative")
      }
      return (sizes[0], sizes.count > 1 ? sizes[1] : 1, sizes.count > 2 ? sizes[2] : 1)
    }
  }
#endif
