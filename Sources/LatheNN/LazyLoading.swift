import Lathe

extension ParameterContainer {
  /// Takes values that are read one at a time, so that besides the module no more than one is in memory.
  ///
  /// - Parameters:
  ///   - specs: Type and shape of each value, by the paths of parameters and buffers.
  ///   - source: What the values come from, for messages.
  ///   - converting: Whether floating-point values of another type than the module's are converted to it.
  ///   - matching: Whether values that do not fit, or are not there, are left out.
  ///   - freezing: Whether the parameters that were taken are left out of training.
  ///   - read: Gives the value of a path, on a device.
  /// - Returns: What was taken, and by name what was not.
  /// - Throws: `LatheError.format` of what does not fit, before the first value is read; what `read` throws.
  @discardableResult
  package func take(
    _ specs: [String: TensorSpec], from source: String, converting: Bool, matching: Bool,
    freezing: Bool = false, read: (_ path: String, _ device: Device) throws -> Tensor?
  ) throws -> LoadReport {
    let report = LoadReport(self, specs, converting: converting)
    guard matching ? !report.loaded.isEmpty : report.isComplete else {
      let what = matching ? "nothing in it fits the model" : "of another model"
      throw LatheError(.format, "\(source): \(what): \(report.problem)\(hint(report, converting))")
    }
    let taken = Set(report.loaded)
    func value(_ name: String, _ present: Tensor) throws -> Tensor? {
      guard taken.contains(name) else { return nil }
      return try read(name, present.device)?.moved(to: present.device).cast(to: present.dtype).computed()
    }
    for (name, parameter) in namedParameters {
      guard let value = try value(name, parameter.value) else { continue }
      parameter.value = value
      if freezing { parameter.isFrozen = true }
    }
    for (name, buffer) in namedBuffers {
      if let value = try value(name, buffer.value) { buffer.value = value }
    }
    return report
  }

  /// What to do where types are all that differs.
  private func hint(_ report: LoadReport, _ converting: Bool) -> String {
    guard !converting, !report.differing.isEmpty else { return "" }
    return "; floating-point weights of another type are taken with `converting: true`"
  }
}
