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

    /// What a kernel is built with.
    func options(_ function: String) -> KernelOptions {
      var options = form.options
      options["MAX_WIDTH"] = .int(width)
      options["VECTOR"] = isVector ? 1 : 0
      // With 32, dK and dV take 248 registers of NVIDIA, with 16 a third less; heads of more than 64 elements have
      // no room in local memory for more.
      if isBackward && (isWide || function == AttentionPlan.keys && form.kind == .nvidia) {
        options["COLUMNS"] = 16
      }
      options.set(operands: type, results: type)
      return options
    }
  }
#endif
