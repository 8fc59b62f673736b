#if OpenCL
  import LatheCore

  /// Prints the kernel that updates up to 16 tensors in one launch.
  ///
  /// Each tensor has pointers of its own and a range of blocks, of which work-group number decides whose block it
  /// does; sizes are arguments, so that one kernel serves every model with as many tensors.
  struct OptimizerSource {
    /// Most tensors of one launch: with so many pointers for each and two sizes, the arguments stay within the 1024
    /// bytes that every device takes.
    static func mostTensors(pointers: Int) -> Int { min(16, 960 / (8 * pointers + 8)) }

    /// The operands of a tensor that are read, such as `p g m v`.
    let reads: [String]
    /// Those that are written; each is read too.
    let writes: [String]
    /// The scalar arguments, all float.
    let scalars: [String]
    /// Statements that update vectors (or scalars) of type T named as `reads`.
    let update: String
    let count: Int
    /// Whether results go where the operands are.
    let inPlace: Bool
    let profile: KernelProfile

    /// Elements of a block: what one work-group does.
    static func block(_ profile: KernelProfile) -> Int { profile == .cpu ? 4096 : 1024 }
    /// Work-items of a work-group.
    static func items(_ profile: KernelProfile) -> Int { profile == .cpu ? 1 : 64 }

    var text: String {
      let width = profile.vectorWidth
      var parameters: [String] = []
      for i in 0..<count {
        for name in reads {
          let isWritten = inPlace && writes.contains(name)
          parameters.append("__global \(isWritten ? "" : "const ")float *\(name)\(i)")
        }
        if !inPlace { for name in writes { parameters.append("__global float *\(name)_out\(i)") } }
      }
      // The block behind each tensor's last, and its elements.
      for i in 0..<count { parameters.append("const int end\(i), const int n\(i)") }
      parameters += scalars.map { "const float \($0)" }

      func choose(_ name: String) -> String {
        (0..<(count - 1)).map { "block < end\($0) ? \(name)\($0) : " }.joined() + "\(name)\(count - 1)"
      }
      let start =
        (0..<count).dropFirst().reversed()
        .map { "block >= end\($0 - 1) ? end\($0 - 1) : " }.joined() + "0"
      var lines = ["const int block = (int)get_group_id(0);", "const int n = \(choose("n"));"]
      lines.append("const int first = (block - (\(start))) * \(OptimizerSource.block(profile));")
      for name in reads {
        let isWritten = inPlace && writes.contains(name)
        lines.append("__global \(isWritten ? "" : "const ")float *\(name)_from = \(choose(name));")
      }
      for name in writes {
        lines.append("__global float *\(name)_to = \(choose(inPlace ? name : "\(name)_out"));")
      }
      lines.append("const int end = min(first + \(OptimizerSource.block(profile)), n);")
      let step = OptimizerSource.items(profile)
      let wide = reads.map { "T \($0) = vload\(width)(0, \($0)_from + i);" }.joined(separator: " ")
      let wideStores = writes.map { "vstore\(width)(\($0), 0, \($0)_to + i);" }.joined(separator: " ")
      let single = reads.map { "T \($0) = \($0)_from[i];" }.joined(separator: " ")
      let singleStores = writes.map { "\($0)_to[i] = \($0);" }.joined(separator: " ")
      return """
        __attribute__((reqd_work_group_size(\(step), 1, 1)))
        __kernel void update(\(parameters.joined(separator: ", "))) {
          \(lines.joined(separator: "\n  "))
          const int whole = first + max(end - first, 0) / \(width) * \(width);
        #define T float\(width)
          for (int i = first + (int)get_local_id(0) * \(width); i < whole; i += \(step * width)) {
            \(wide)
            \(update)
            \(wideStores)
          }
        #undef T
        #define T float
          for (int i = whole + (int)get_local_id(0); i < end; i += \(step)) {
            \(single)
            \(update)
            \(singleStores)
          }
        #undef T
        }
        """
    }
  }
#endif
