#if CommandLine
  import ArgumentParser
  import LatheML

  /// Where a command computes.
  enum ChosenDevice {
    /// The device that the flag names, else the one of a configuration file, else the best one.
    ///
    /// - Throws: `LatheError` that names the devices there are; where the flag names none of them, that is wrong usage.
    static func open(flag device: String?, configured: String? = nil) throws -> Device {
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
