#if OpenCL
  import COpenCL
  import LatheCore

  /// A way to reach units that multiply matrices; see matrix_units.clh.
  struct MatrixForm: Hashable {
    /// The raw value is that of MATRIX_FORM.
    enum Kind: Int, CaseIterable {
      case nvidia = 1
      case wmma, mfma, xmx16, xmx8
    }

    let kind: Kind
    /// NVIDIA's before Ampere: no bfloat16, no copies past registers.
    var isTuring = false
    /// NVIDIA's Hopper: large products of 16 bits by wgmma, all else as before; see matrix_wgmma.clh.
    var hasWarpGroups = false
    /// In plain OpenCL C.
    var isEmulated = false

    /// The name that `LATHE_MATRIX_UNITS` and `lathe devices` have for it.
    var name: String {
      let unit =
        switch kind {
        case .nvidia:
          hasWarpGroups ? "wgmma m64n128k16" : isTuring ? "mma.sync m16n8k8" : "mma.sync m16n8k16"
        case .wmma: "WMMA"
        case .mfma: "MFMA"
        case .xmx16: "XMX, sub-groups of 16"
        case .xmx8: "XMX, sub-groups of 8"
        }
      return isEmulated ? "emulated \(unit)" : unit
    }

    /// Work-items of a sub-group.
    var lanes: Int {
      switch kind {
      case .nvidia, .wmma: 32
      case .mfma: 64
      case .xmx16: 16
      case .xmx8: 8
      }
    }

    /// Whether slices are copied to local memory past registers.
    var copiesAsynchronously: Bool { kind == .nvidia && !isTuring }

    /// Whether the units multiply numbers of a type, of float32 as tf32.
    func takes(_ type: StoredType) -> Bool {
      switch type {
      case .float32: kind == .nvidia && !isTuring
      case .float16: true
      case .bfloat16: !isTuring
      }
    }

    /// The definitions of matrix_units.clh.
    var options: KernelOptions {
      var options: KernelOptions = ["MATRIX_FORM": .int(kind.rawValue)]
      if isEmulated { options["MATRIX_EMULATED"] = 1 }
      if isTuring {
        options["MATRIX_SHORT"] = 1
        options["MATRIX_ASYNC"] = 0
      }
      return options
    }

    /// The form whose emulation a value of `LATHE_MATRIX_UNITS` asks for.
    init?(emulation value: String) {
      switch value {
      case "emulated-nvidia": self.init(kind: .nvidia, isEmulated: true)
      case "emulated-turing": self.init(kind: .nvidia, isTuring: true, isEmulated: true)
      case "emulated-wgmma": self.init(kind: .nvidia, hasWarpGroups: true, isEmulated: true)
      case "emulated-wmma": self.init(kind: .wmma, isEmulated: true)
      case "emulated-mfma": self.init(kind: .mfma, isEmulated: true)
      case "emulated-xmx16": self.init(kind: .xmx16, isEmulated: true)
      case "emulated-xmx8": self.init(kind: .xmx8, isEmulated: true)
      default: return nil
      }
    }

    private init(
      kind: Kind, isTuring: Bool = false, hasWarpGroups: Bool = false, isEmulated: Bool = false
    ) {
      (self.kind, self.isTuring) = (kind, isTuring)
      (self.hasWarpGroups, self.isEmulated) = (hasWarpGroups, isEmulated)
    }

    /// The form that a device has for large products beside `init(_ place:)`; nil where it has none.
    ///
    /// Of Hopper alone (9.0): later processors have other instructions.
    static func warpGroups(_ place: OpenCLPlace) -> MatrixForm? {
      guard place.platformName.contains("NVIDIA"), computeCapability(place) == 90 else { return nil }
      return MatrixForm(kind: .nvidia, hasWarpGroups: true)
    }

    /// NVIDIA's number of a processor, such as 75.
    private static func computeCapability(_ place: OpenCLPlace) -> UInt64 {
      func number(_ property: Int32) -> UInt64 { (try? OpenCLQuery.number(place.device, property)) ?? 0 }
      return number(Property.majorNV) * 10 + number(Property.minorNV)
    }

    /// The form of a device; nil where none is known of it.
    ///
    /// By platforms, since a compiler that does not know a form's instructions may end the process.
    init?(_ place: OpenCLPlace) {
      let platform = place.platformName
      if platform.contains("NVIDIA") {
        let version = Self.computeCapability(place)
        guard version >= 75 else { return nil }
        self.init(kind: .nvidia, isTuring: version < 80)
      } else if platform.contains("AMD") {
        let name = place.info.name
        if name.hasPrefix("gfx11") {
          self.init(kind: .wmma)
        } else if name.hasPrefix("gfx90a") || name.hasPrefix("gfx94") || name.hasPrefix("gfx950") {
          self.init(kind: .mfma)
        } else {
          return nil
        }
      } else if platform.contains("Intel") {
        let extensions =
          (try? OpenCLQuery.deviceText(place.device, CL_DEVICE_EXTENSIONS))?.split(separator: " ") ?? []
        guard extensions.contains("cl_intel_subgroup_matrix_multiply_accumulate") else { return nil }
        let sizes = (try? OpenCLQuery.bytes(place.device, cl_device_info(Property.subgroupSizesIntel))) ?? []
        let hasEight = stride(from: 0, to: sizes.count / 8 * 8, by: 8).contains { sizes[$0] == 8 }
        self.init(kind: hasEight ? .xmx8 : .xmx16)
      } else {
        return nil
      }
    }

    /// cl_nv_device_attribute_query and cl_intel_required_subgroup_size.
    private enum Property {
      static let majorNV: Int32 = 0x4000
      static let minorNV: Int32 = 0x4001
      static let subgroupSizesIntel: Int32 = 0x4108
    }
  }

  /// The tile of results that a work-group of matrix_slices.clh computes.
  struct MatrixTile {
    let m: Int, n: Int, depth: Int
    private let wavesM: Int, wavesN: Int, stages: Int
    private let form: MatrixForm
    /// Whether warp groups multiply, which takes sub-groups of 16 whole rows.
    private let isOfWarpGroups: Bool

    /// A large tile for products where there are enough of them for the device, else a small one.
    init(
      _ form: MatrixForm, _ type: StoredType, m rows: Int, n columns: Int, batch: Int, _ info: DeviceInfo
    ) {
      self.init(
        form, type, isLarge: Self.isLarge(rows, columns, batch, info), localMemory: info.localMemory)
    }

    /// A tile for products of a type, with 64 bytes of each row in a slice.
    init(_ form: MatrixForm, _ type: StoredType, isLarge: Bool, localMemory: Int) {
      self.init(
        form, isLarge: isLarge, depth: type == .float32 ? 16 : 32, localMemory: localMemory,
        ofWarpGroups: form.hasWarpGroups && isLarge && type != .float32)
    }

    /// The same for convolutions, whose slices are shorter: what is read next waits in registers.
    init(_ form: MatrixForm, rows: Int, columns: Int, layers: Int, _ info: DeviceInfo) {
      let isLarge = Self.isLarge(rows, columns, layers, info)
      // A work-item reads at least eight neighbours of a slice.
      let depth = !isLarge && form.lanes == 64 ? 32 : 16
      self.init(form, isLarge: isLarge, depth: depth, localMemory: 0)
    }

    private static func isLarge(_ rows: Int, _ columns: Int, _ layers: Int, _ info: DeviceInfo) -> Bool {
      rows > 64 && columns > 64
        && ceilingDivide(rows, 128) * ceilingDivide(columns, 128) * layers >= info.computeUnits
    }

    private init(
      _ form: MatrixForm, isLarge: Bool, depth: Int, localMemory: Int, ofWarpGroups: Bool = false
    ) {
      self.depth = depth
      self.form = form
      isOfWarpGroups = ofWarpGroups
      (m, n) = isLarge ? (128, 128) : (64, 64)
      (wavesM, wavesN) =
        switch form.lanes {
        case 64: (2, 2)
        case 32: ofWarpGroups ? (8, 1) : isLarge ? (4, 2) : (2, 2)
        case 16: isLarge ? (4, 4) : (4, 2)
        default: isLarge ? (8, 4) : (4, 4)
        }
      let stage = (m + n) * 64
      stages = form.copiesAsynchronously && localMemory >= 3 * stage ? 3 : 2
    }

    /// Work-items of a group.
    private var items: Int { wavesM * wavesN * form.lanes }
    var local: (Int, Int, Int) { (items, 1, 1) }

    /// Work-items for so many rows and columns.
    func grid(rows: Int, columns: Int, layers: Int) -> (Int, Int, Int) {
      (ceilingDivide(columns, n) * items, ceilingDivide(rows, m), layers)
    }

    var options: KernelOptions {
      var options = form.options
      options.add([
        "TILE_M": .int(m), "TILE_N": .int(n), "DEPTH": .int(depth), "WAVES_M": .int(wavesM),
        "WAVES_N": .int(wavesN), "STAGES": .int(stages),
      ])
      if isOfWarpGroups { options[KernelOptions.warpGroups] = 1 }
      return options
    }
  }
#endif
