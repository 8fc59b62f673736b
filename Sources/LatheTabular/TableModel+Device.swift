import Lathe
import LatheCore
import LatheLearn

/// Where networks that are being read are put; the protocol of stored models knows no devices.
enum LoadingDevice {
  @TaskLocal static var current: Device?
}

extension TableModel {
  /// Reads a model from its folder, or from the file itself; networks in it compute on a device.
  ///
  /// - Throws: `LatheError` naming what is wrong with the file.
  public init(path: String, device: Device) throws {
    TabularNetwork.register()
    self = try LoadingDevice.$current.withValue(device) { try TableModel(path: path) }
  }
}
