#if OpenCL
  import COpenCL
  import LatheCore

  /// A property of a device: its name without `CL_DEVICE_`, its code, and how its bytes are read.
  struct DeviceProperty {
    enum Form {
      case number, bytes, text, flag, mask, sizes, versions
    }

    var name: String
    var code: UInt32
    var form: Form

    init(_ name: String, _ code: UInt32, _ form: Form = .number) {
      self.name = name
      self.code = code
      self.form = form
    }

    /// Every property of OpenCL 1.2 to 3.0, then those of vendors; drivers refuse what they do not know.
    ///
    /// Codes as numbers, since the headers hide those that are newer than the version a program asks for.
    static let all: [DeviceProperty] = openCL12 + openCL20 + openCL30 + vendors

    private static let openCL12: [DeviceProperty] = [
      .init("NAME", 0x102B, .text), .init("VENDOR", 0x102C, .text), .init("VENDOR_ID", 0x1001, .mask),
      .init("VERSION", 0x102F, .text), .init("DRIVER_VERSION", 0x102D, .text),
      .init("PROFILE", 0x102E, .text),
      .init("OPENCL_C_VERSION", 0x103D, .text), .init("TYPE", 0x1000, .mask),
      .init("MAX_COMPUTE_UNITS", 0x1002), .init("MAX_CLOCK_FREQUENCY", 0x100C), .init("ADDRESS_BITS", 0x100D),
      .init("MAX_WORK_ITEM_DIMENSIONS", 0x1003), .init("MAX_WORK_ITEM_SIZES", 0x1005, .sizes),
      .init("MAX_WORK_GROUP_SIZE", 0x1004), .init("MAX_PARAMETER_SIZE", 0x1017, .bytes),
      .init("GLOBAL_MEM_SIZE", 0x101F, .bytes), .init("MAX_MEM_ALLOC_SIZE", 0x1010, .bytes),
      .init("GLOBAL_MEM_CACHE_TYPE", 0x101C), .init("GLOBAL_MEM_CACHELINE_SIZE", 0x101D, .bytes),
      .init("GLOBAL_MEM_CACHE_SIZE", 0x101E, .bytes), .init("MAX_CONSTANT_BUFFER_SIZE", 0x1020, .bytes),
      .init("MAX_CONSTANT_ARGS", 0x1021), .init("LOCAL_MEM_TYPE", 0x1022),
      .init("LOCAL_MEM_SIZE", 0x1023, .bytes), .init("MEM_BASE_ADDR_ALIGN", 0x1019),
      .init("MIN_DATA_TYPE_ALIGN_SIZE", 0x101A, .bytes), .init("HOST_UNIFIED_MEMORY", 0x1035, .flag),
      .init("ERROR_CORRECTION_SUPPORT", 0x1024, .flag), .init("PROFILING_TIMER_RESOLUTION", 0x1025),
      .init("ENDIAN_LITTLE", 0x1026, .flag), .init("AVAILABLE", 0x1027, .flag),
      .init("COMPILER_AVAILABLE", 0x1028, .flag), .init("LINKER_AVAILABLE", 0x103E, .flag),
      .init("EXECUTION_CAPABILITIES", 0x1029, .mask), .init("QUEUE_PROPERTIES", 0x102A, .mask),
      .init("HALF_FP_CONFIG", 0x1033, .mask), .init("SINGLE_FP_CONFIG", 0x101B, .mask),
      .init("DOUBLE_FP_CONFIG", 0x1032, .mask),
      .init("PREFERRED_VECTOR_WIDTH_CHAR", 0x1006), .init("PREFERRED_VECTOR_WIDTH_SHORT", 0x1007),
      .init("PREFERRED_VECTOR_WIDTH_INT", 0x1008), .init("PREFERRED_VECTOR_WIDTH_LONG", 0x1009),
      .init("PREFERRED_VECTOR_WIDTH_HALF", 0x1034), .init("PREFERRED_VECTOR_WIDTH_FLOAT", 0x100A),
      .init("PREFERRED_VECTOR_WIDTH_DOUBLE", 0x100B), .init("NATIVE_VECTOR_WIDTH_CHAR", 0x1036),
      .init("NATIVE_VECTOR_WIDTH_SHORT", 0x1037), .init("NATIVE_VECTOR_WIDTH_INT", 0x1038),
      .init("NATIVE_VECTOR_WIDTH_LONG", 0x1039), .init("NATIVE_VECTOR_WIDTH_FLOAT", 0x103A),
      .init("NATIVE_VECTOR_WIDTH_DOUBLE", 0x103B), .init("NATIVE_VECTOR_WIDTH_HALF", 0x103C),
      .init("IMAGE_SUPPORT", 0x1016, .flag), .init("MAX_READ_IMAGE_ARGS", 0x100E),
      .init("MAX_WRITE_IMAGE_ARGS", 0x100F), .init("MAX_SAMPLERS", 0x1018),
      .init("IMAGE2D_MAX_WIDTH", 0x1011), .init("IMAGE2D_MAX_HEIGHT", 0x1012),
      .init("IMAGE3D_MAX_WIDTH", 0x1013), .init("IMAGE3D_MAX_HEIGHT", 0x1014),
      .init("IMAGE3D_MAX_DEPTH", 0x1015), .init("IMAGE_MAX_BUFFER_SIZE", 0x1040),
      .init("IMAGE_MAX_ARRAY_SIZE", 0x1041), .init("BUILT_IN_KERNELS", 0x103F, .text),
      .init("PARTITION_MAX_SUB_DEVICES", 0x1043), .init("PARTITION_AFFINITY_DOMAIN", 0x1045, .mask),
      .init("PREFERRED_INTEROP_USER_SYNC", 0x1048, .flag), .init("PRINTF_BUFFER_SIZE", 0x1049, .bytes),
    ]

    private static let openCL20: [DeviceProperty] = [
      .init("IMAGE_PITCH_ALIGNMENT", 0x104A), .init("IMAGE_BASE_ADDRESS_ALIGNMENT", 0x104B),
      .init("MAX_READ_WRITE_IMAGE_ARGS", 0x104C), .init("MAX_GLOBAL_VARIABLE_SIZE", 0x104D, .bytes),
      .init("GLOBAL_VARIABLE_PREFERRED_TOTAL_SIZE", 0x1054, .bytes),
      .init("QUEUE_ON_DEVICE_PROPERTIES", 0x104E, .mask),
      .init("QUEUE_ON_DEVICE_PREFERRED_SIZE", 0x104F, .bytes),
      .init("QUEUE_ON_DEVICE_MAX_SIZE", 0x1050, .bytes), .init("MAX_ON_DEVICE_QUEUES", 0x1051),
      .init("MAX_ON_DEVICE_EVENTS", 0x1052), .init("SVM_CAPABILITIES", 0x1053, .mask),
      .init("MAX_PIPE_ARGS", 0x1055), .init("PIPE_MAX_ACTIVE_RESERVATIONS", 0x1056),
      .init("PIPE_MAX_PACKET_SIZE", 0x1057, .bytes), .init("PREFERRED_PLATFORM_ATOMIC_ALIGNMENT", 0x1058),
      .init("PREFERRED_GLOBAL_ATOMIC_ALIGNMENT", 0x1059), .init("PREFERRED_LOCAL_ATOMIC_ALIGNMENT", 0x105A),
      .init("IL_VERSION", 0x105B, .text), .init("MAX_NUM_SUB_GROUPS", 0x105C),
      .init("SUB_GROUP_INDEPENDENT_FORWARD_PROGRESS", 0x105D, .flag),
    ]

    private static let openCL30: [DeviceProperty] = [
      .init("NUMERIC_VERSION", 0x105E, .mask), .init("ATOMIC_MEMORY_CAPABILITIES", 0x1063, .mask),
      .init("ATOMIC_FENCE_CAPABILITIES", 0x1064, .mask),
      .init("NON_UNIFORM_WORK_GROUP_SUPPORT", 0x1065, .flag),
      .init("OPENCL_C_ALL_VERSIONS", 0x1066, .versions), .init("PREFERRED_WORK_GROUP_SIZE_MULTIPLE", 0x1067),
      .init("WORK_GROUP_COLLECTIVE_FUNCTIONS_SUPPORT", 0x1068, .flag),
      .init("GENERIC_ADDRESS_SPACE_SUPPORT", 0x1069, .flag), .init("OPENCL_C_FEATURES", 0x106F, .versions),
      .init("DEVICE_ENQUEUE_CAPABILITIES", 0x1070, .mask), .init("PIPE_SUPPORT", 0x1071, .flag),
    ]

    private static let vendors: [DeviceProperty] = [
      .init("COMPUTE_CAPABILITY_MAJOR_NV", 0x4000), .init("COMPUTE_CAPABILITY_MINOR_NV", 0x4001),
      .init("REGISTERS_PER_BLOCK_NV", 0x4002), .init("WARP_SIZE_NV", 0x4003),
      .init("GPU_OVERLAP_NV", 0x4004, .flag), .init("KERNEL_EXEC_TIMEOUT_NV", 0x4005, .flag),
      .init("INTEGRATED_MEMORY_NV", 0x4006, .flag), .init("ATTRIBUTE_ASYNC_ENGINE_COUNT_NV", 0x4007),
      .init("SIMD_PER_COMPUTE_UNIT_AMD", 0x4040), .init("SIMD_WIDTH_AMD", 0x4041),
      .init("WAVEFRONT_WIDTH_AMD", 0x4043), .init("LOCAL_MEM_SIZE_PER_COMPUTE_UNIT_AMD", 0x4047, .bytes),
      .init("LOCAL_MEM_BANKS_AMD", 0x4048), .init("SUB_GROUP_SIZES_INTEL", 0x4108, .sizes),
    ]

    /// What the driver's bytes say.
    func text(_ bytes: [UInt8]) -> String {
      switch form {
      case .text: OpenCLQuery.words(bytes)
      case .number: "\(Self.number(bytes))"
      case .bytes: byteText(Self.number(bytes))
      case .flag: Self.number(bytes) == 0 ? "no" : "yes"
      case .mask: "0x" + String(Self.number(bytes), radix: 16)
      case .sizes: Self.pieces(bytes, 8).map { "\(Self.number(Array($0)))" }.joined(separator: " x ")
      case .versions:
        Self.pieces(bytes, 68).map { Self.version(Array($0)) }.joined(separator: ", ")
      }
    }

    /// A struct of a version, 10 bits of it the major and 10 the minor number, and a name of 64 characters.
    private static func version(_ bytes: [UInt8]) -> String {
      let number = Self.number(Array(bytes.prefix(4)))
      return "\(OpenCLQuery.words(Array(bytes.dropFirst(4)))) \(number >> 22).\(number >> 12 & 0x3FF)"
    }

    private static func pieces(_ bytes: [UInt8], _ size: Int) -> [ArraySlice<UInt8>] {
      stride(from: 0, to: bytes.count / size * size, by: size).map { bytes[$0..<$0 + size] }
    }

    private static func number(_ bytes: [UInt8]) -> UInt64 {
      bytes.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
  }

  /// A number of bytes with its unit where it is a whole number of them.
  func byteText(_ count: UInt64) -> String {
    for (unit, shift) in [("GiB", 30), ("MiB", 20), ("KiB", 10)] as [(String, UInt64)]
    where count >= 1 << shift && count % (1 << shift) == 0 {
      return "\(count >> shift) \(unit)"
    }
    return "\(count) bytes"
  }
#endif
