import Lathe

/// The devices that a run goes through, and what is to be said of them.
struct CheckedDevices {
  var devices: [Device] = []
  /// Devices that were asked for and cannot be used, with the reason.
  var broken: [String] = []

  init(_ options: Options) throws {
    let openCL = Device.infos.dropFirst()
    switch options.device {
    case "cpu": devices = [.cpu]
    case "opencl": try add(0, options)
    case "all":
      devices = [.cpu]
      for position in openCL.indices { try add(position - 1, options) }
    case "auto":
      for position in openCL.indices where openCL[position].type == "gpu" { try add(position - 1, options) }
    default:
      let device = try Device.named(options.device)
      guard let index = Int(device.name.dropFirst("opencl:".count)) else {
        throw LatheError(.invalidArgument, "'\(options.device)' is not auto, all, cpu, opencl or opencl:N")
      }
      try add(index, options)
    }
  }

  /// Adds an OpenCL device with each profile; one whose driver fails is kept as broken.
  private mutating func add(_ index: Int, _ options: Options) throws {
    let infos = Device.infos
    if infos.indices.contains(index + 1), let error = infos[index + 1].error {
      broken.append("\(infos[index + 1].index) (\(infos[index + 1].name)): cannot be used: \(error)")
      return
    }
    for profile in options.profiles { devices.append(try Device.opencl(index, profile: profile)) }
  }
}
