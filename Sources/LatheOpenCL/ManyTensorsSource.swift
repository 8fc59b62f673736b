#if OpenCL
  import LatheCore

  /// Prints a kernel that works on up to 16 tensors in one launch.
  ///
  /// Each tensor has pointers and numbers of its own and a range of work-groups, its blocks; what they do is written for
  /// one tensor. Sizes are arguments, so that one kernel serves every model with as many tensors.
  struct ManyTensorsSource {
    /// A pointer that every tensor has, by the name that the body uses.
    struct Pointer {
      var name: String
      var element = "float"
      var isConstant = true
      /// Whether it moves on with the tensor's parts.
      var isDivided = true

      var type: String { "__global \(isConstant ? "const " : "")\(element) *" }
    }

    let pointers: [Pointer]
    /// Numbers of every tensor, such as `int n`.
    let numbers: [(type: String, name: String)]
    /// Parameters for all tensors together.
    let shared: [String]
    /// Statements on a tensor's pointers and numbers for its block number `block`.
    let body: String
    let count: Int
    let profile: KernelProfile
    /// Whether a tensor of more elements than `int` counts comes in parts, whose first element is a number of its own in
    /// front of the others.
    var hasParts = false

    /// Most tensors of one launch: the arguments stay within the 1024 bytes that every device takes.
    static func mostTensors(pointers: Int, numbers: Int, hasParts: Bool = false) -> Int {
      max(1, min(16, 900 / (8 * pointers + 4 * numbers + (hasParts ? 12 : 4))))
    }

    /// Elements of a part of a large tensor.
    static let largestPart = 1 << 30
    /// Elements of a block of an element-wise body.
    static func block(_ profile: KernelProfile) -> Int { profile == .cpu ? 4096 : 1024 }
    /// Work-items of a work-group.
    static func items(_ profile: KernelProfile) -> Int { profile == .cpu ? 1 : 64 }

    var text: String {
      let numbers = (hasParts ? [(type: "long", name: "start")] : []) + self.numbers
      let parameters = (0..<count).flatMap { i in
        pointers.map { "\($0.type)\($0.name)_\(i)" } + numbers.map { "const \($0.type) \($0.name)_\(i)" }
          // The work-group behind the tensor's last.
          + ["const int end_\(i)"]
      }
      // Branches, which a whole group takes alike: compilers for GPUs keep all operands of a chain of choices in registers.
      let declared = numbers.map { "\($0.type) \($0.name);" } + pointers.map { "\($0.type)\($0.name);" }
      let names = numbers.map(\.name) + pointers.map(\.name)
      let chosen = (0..<count).map { i in
        let assigned = names.map { "\($0) = \($0)_\(i);" } + (i > 0 ? ["before = end_\(i - 1);"] : [])
        let condition = i < count - 1 ? "if (group < end_\(i)) " : ""
        return "\(i > 0 ? "else " : "")\(condition){ \(assigned.joined(separator: " ")) }"
      }
      let moved = pointers.filter { hasParts && $0.isDivided }.map { "\($0.name) += start;" }
      return """
        __attribute__((reqd_work_group_size(\(ManyTensorsSource.items(profile)), 1, 1)))
        __kernel void many(\((parameters + shared).joined(separator: ", "))) {
        const int group = (int)get_group_id(0);
        int before = 0;
        \((declared + chosen + moved).joined(separator: "\n"))
        const int block = group - before;
        \(body)
        }

        """
    }

    /// A loop over a block of `n` elements: whole vectors, then the rest one by one.
    ///
    /// - Parameter element: Statements for a vector of a width from element `j` on.
    static func loop(_ profile: KernelProfile, element: (_ width: Int) -> String) -> String {
      let (width, items, block) = (profile.vectorWidth, items(profile), block(profile))
      return """
        const int first = block * \(block);
        const int last = min(first + \(block), n);
        const int whole = first + (last - first) / \(width) * \(width);
        for (int j = first + (int)get_local_id(0) * \(width); j < whole; j += \(items * width)) {
        \(element(width))
        }
        \(profile == .cpu ? "for (int j = whole; j < last; j++)" : tail) {
        \(element(1))
        }
        """
    }

    /// What a vector leaves is at most one element for each work-item.
    private static let tail = "const int j = whole + (int)get_local_id(0);\nif (j < last)"

    /// Reads a vector of a tensor's floats that begin where its buffer does, and writes one.
    static func load(_ name: String, _ profile: KernelProfile, width: Int) -> String {
      if width == 1 { return "\(name)[j]" }
      return profile == .cpu
        ? "vload\(width)(0, \(name) + j)" : "*(__global const float\(width) *)(\(name) + j)"
    }
    static func store(_ value: String, to name: String, _ profile: KernelProfile, width: Int) -> String {
      if width == 1 { return "\(name)[j] = \(value);" }
      return profile == .cpu
        ? "vstore\(width)(\(value), 0, \(name) + j);"
        : "*(__global float\(width) *)(\(name) + j) = \(value);"
    }
  }

  extension OpenCLBackend {
    /// One tensor's part of a launch.
    struct TensorArguments {
      /// Pointers, then numbers, as the source has them.
      var arguments: [KernelArgument]
      /// Work-groups.
      var blocks: Int
    }

    /// Launches a kernel of `ManyTensorsSource` for all tensors, up to `most` at a time.
    ///
    /// - Parameter kernel: The kernel for a number of tensors.
    func launchMany(
      _ tensors: [TensorArguments], most: Int, shared: [KernelArgument], kernel: (Int) throws -> OpenCLKernel
    ) throws {
      let items = ManyTensorsSource.items(profile)
      for start in stride(from: 0, to: tensors.count, by: most) {
        let part = tensors[start..<min(start + most, tensors.count)]
        var arguments: [KernelArgument] = []
        var blocks = 0
        for tensor in part {
          blocks += tensor.blocks
          arguments += tensor.arguments + [.int(blocks)]
        }
        try launch(
          try kernel(part.count), arguments + shared, global: (blocks * items, 1, 1), local: (items, 1, 1))
      }
    }

    /// The parts of a tensor: their first elements, how many they have, and the blocks of an element-wise body.
    func elementParts(_ size: Int) -> [(start: Int, count: Int, blocks: Int)] {
      stride(from: 0, to: size, by: ManyTensorsSource.largestPart).map { start in
        let count = min(size - start, ManyTensorsSource.largestPart)
        return (start, count, ceilingDivide(count, ManyTensorsSource.block(profile)))
      }
    }
  }
#endif
