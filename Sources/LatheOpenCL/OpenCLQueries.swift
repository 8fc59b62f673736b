#if OpenCL
  import COpenCL
  import LatheCore

  /// Reads of platform and device properties.
  enum OpenCLQuery {
    static func platforms() throws -> [cl_platform_id] {
      var count: cl_uint = 0
      let status = cl.clGetPlatformIDs(0, nil, &count)
      if status == -1001 || (status == CL_SUCCESS && count == 0) { return [] }
      try OpenCLStatus.check(status, "clGetPlatformIDs")
      var ids = [cl_platform_id?](repeating: nil, count: Int(count))
      try OpenCLStatus.check(cl.clGetPlatformIDs(count, &ids, nil), "clGetPlatformIDs")
      return ids.compactMap { $0 }
    }

    static func devices(of platform: cl_platform_id) throws -> [cl_device_id] {
      let all = cl_device_type(0xFFFF_FFFF)
      var count: cl_uint = 0
      let status = cl.clGetDeviceIDs(platform, all, 0, nil, &count)
      if status == CL_DEVICE_NOT_FOUND || (status == CL_SUCCESS && count == 0) { return [] }
      try OpenCLStatus.check(status, "clGetDeviceIDs")
      var ids = [cl_device_id?](repeating: nil, count: Int(count))
      try OpenCLStatus.check(cl.clGetDeviceIDs(platform, all, count, &ids, nil), "clGetDeviceIDs")
      return ids.compactMap { $0 }
    }

    static func platformText(_ platform: cl_platform_id, _ property: Int32) throws -> String {
      try text { cl.clGetPlatformInfo(platform, cl_platform_info(property), $0, $1, $2) }
    }

    static func deviceText(_ device: cl_device_id, _ property: Int32) throws -> String {
      try text { cl.clGetDeviceInfo(device, cl_device_info(property), $0, $1, $2) }
    }

    /// A number of the width that OpenCL reports; properties of any integer type.
    static func number(_ device: cl_device_id, _ property: Int32) throws -> UInt64 {
      var value: UInt64 = 0
      var size = 0
      let status = cl.clGetDeviceInfo(device, cl_device_info(property), 8, &value, &size)
      try OpenCLStatus.check(status, "clGetDeviceInfo \(property)")
      return size == 4 ? value & 0xFFFF_FFFF : value
    }

    /// The bytes of a property of any type.
    static func bytes(_ device: cl_device_id, _ property: cl_device_info) throws -> [UInt8] {
      try bytes { cl.clGetDeviceInfo(device, property, $0, $1, $2) }
    }

    private static func bytes(
      _ query: (Int, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?) -> Int32
    ) throws -> [UInt8] {
      var size = 0
      try OpenCLStatus.check(query(0, nil, &size), "query of a property")
      var bytes = [UInt8](repeating: 0, count: size)
      let status = bytes.withUnsafeMutableBytes { query(size, $0.baseAddress, nil) }
      try OpenCLStatus.check(status, "query of a property")
      return bytes
    }

    private static func text(
      _ query: (Int, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?) -> Int32
    ) throws -> String { words(try bytes(query)) }

    /// Text up to its zero, without the blanks that drivers pad names with.
    static func words(_ bytes: [UInt8]) -> String {
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self).split(separator: " ").joined(separator: " ")
    }

    /// What a work-group may take, as reported.
    static func tuningLimits(_ place: OpenCLPlace) throws -> TuningLimits {
      let device = place.device
      var limits = TuningLimits(
        workItems: Int(clamping: try number(device, CL_DEVICE_MAX_WORK_GROUP_SIZE)),
        localBytes: Int(clamping: try number(device, CL_DEVICE_LOCAL_MEM_SIZE)))
      limits.vectors = place.vectors
      return limits
    }

    /// Everything that `lathe devices` shows of a device.
    static func info(of device: cl_device_id, index: String, profile: KernelProfile) throws -> DeviceInfo {
      var info = DeviceInfo()
      info.index = index
      info.name = try deviceText(device, CL_DEVICE_NAME)
      info.vendor = try deviceText(device, CL_DEVICE_VENDOR)
      info.driver =
        try deviceText(device, CL_DEVICE_VERSION) + ", driver " + deviceText(device, CL_DRIVER_VERSION)
      info.type = typeName(try number(device, CL_DEVICE_TYPE))
      info.computeUnits = Int(try number(device, CL_DEVICE_MAX_COMPUTE_UNITS))
      info.globalMemory = Int(clamping: try number(device, CL_DEVICE_GLOBAL_MEM_SIZE))
      info.largestAllocation = Int(clamping: try number(device, CL_DEVICE_MAX_MEM_ALLOC_SIZE))
      info.localMemory = Int(clamping: try number(device, CL_DEVICE_LOCAL_MEM_SIZE))
      let extensions = try deviceText(device, CL_DEVICE_EXTENSIONS).split(separator: " ")
      info.float16 = extensions.contains("cl_khr_fp16")
      info.float64 = extensions.contains("cl_khr_fp64") && environment("LATHE_FLOAT64") != "off"
      info.kernelProfile = profile.rawValue
      if try number(device, CL_DEVICE_AVAILABLE) == 0 {
        info.error = "the driver reports the device as not available"
      } else if try number(device, CL_DEVICE_COMPILER_AVAILABLE) == 0 {
        info.error = "the driver has no compiler for the device"
      }
      return info
    }

    static func typeName(_ type: UInt64) -> String {
      if type & UInt64(CL_DEVICE_TYPE_GPU) != 0 { return "gpu" }
      if type & UInt64(CL_DEVICE_TYPE_CPU) != 0 { return "cpu" }
      return "accelerator"
    }
  }
#endif
