#if CommandLine
  import ArgumentParser
  import LatheML

  /// Where a command computes.
  struct DeviceOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp(
        "auto, cpu, opencl or opencl:N, without it auto; see `lathe devices`.", valueName: "device"))
    var device: String?

    /// The device that the flag names, else the one of a configuration file.
    ///
    /// - Throws: `LatheError` that names the devices there are; where the flag names none of them, that is wrong usage.
    func open(configured: String? = nil) throws -> Device {
      do {
        return try Device.named(device ?? configured ?? "auto")
      } catch let error as LatheError {
        var message = error.message
        if !message.contains("devices here") {
          let known = Device.infos.map { $0.index + ($0.error == nil ? "" : " (broken)") }
          message += "; devices here: \(known.joined(separator: ", "))"
        }
        if let device, device != "auto", error.kind == .invalidArgument { throw ValidationError(message) }
        throw LatheError(error.kind, message)
      }
    }
  }
#endif
