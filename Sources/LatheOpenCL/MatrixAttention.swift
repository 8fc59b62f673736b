#if OpenCL
  import LatheCore

  /// What the kernels of attention on matrix units are built for; see attention_units.clh.
  struct MatrixAttention: Hashable {
    private let form: MatrixForm
    private let type: StoredType
    private let width: Int
    private let isVector: Bool
    private let isBackward: Bool

    /// The most elements of a query or value that local memory and registers have room for.
    static let widest = 128

    /// Whether the sums of dK and dV of a head would not fit into registers together.
    var isWide: Bool { width > 64 }

    init(_ sizes: Attention, _ form: MatrixForm, _ type: StoredType, rows: [Layout], isBackward: Bool) {
      (self.form, self.type, self.isBackward) = (form, type, isBackward)
      width = roundedUp(max(sizes.width, sizes.valueWidth), to: 64)
      isVector =
        sizes.width % 8 == 0 && sizes.valueWidth % 8 == 0
        && rows.allSatisfy { layout in
          layout.offset % 8 == 0 && layout.strides.prefix(3).allSatisfy { $0 % 8 == 0 }
        }
    }

    /// A sub-group for each sixteen of 64 rows.
    var local: (Int, Int, Int) { (4 * form.lanes, 1, 1) }

    var options: KernelOptions {
      var options = form.options
      options["MAX_WIDTH"] = .int(width)
      options["VECTOR"] = isVector ? 1 : 0
      // Backward, scores and their gradients are in registers at once, and tiles of both sides in local memory. Forward, local
      // memory of 64 KB would have room for one group of more: NVIDIA has more of it where it copies past registers.
      if isBackward || !form.copiesAsynchronously { options["COLUMNS"] = isBackward && isWide ? 16 : 32 }
      options.set(operands: type, results: type)
      return options
    }
  }
#endif
