/// What is looked into when a device is probed; each part may bring the driver down and runs in a process of its own.
package enum ProbePart: String, Sendable, CaseIterable, Codable {
  /// Every number that the driver reports.
  case limits
  /// The extensions that the driver reports.
  case extensions
  /// How much local memory the arrays of a kernel can take, whatever is reported.
  case localArrays = "local-arrays"
  /// How much local memory a kernel's argument can be.
  case localArguments = "local-arguments"
  /// The largest buffer, written and read at its end.
  case buffers
  /// Arithmetic in float16 and float64, and groups of lanes that exchange values.
  case arithmetic
  /// The device's own elementary functions beside Lathe's: how exact and how quick they are.
  case functions
  /// Inline PTX, and programs given as PTX: NVIDIA only.
  case ptx
  /// Products of small matrices in one instruction: NVIDIA only.
  case tensorCores = "tensor-cores"
  /// Bytes a second between host and device.
  case transfers

  /// A heading.
  package var title: String {
    switch self {
    case .limits: "Limits"
    case .extensions: "Extensions"
    case .localArrays: "Local memory in arrays of a kernel"
    case .localArguments: "Local memory as an argument"
    case .buffers: "Buffers"
    case .arithmetic: "Arithmetic and sub-groups"
    case .functions: "Elementary functions"
    case .ptx: "PTX"
    case .tensorCores: "Tensor cores"
    case .transfers: "Transfers"
    }
  }
}

/// One thing found out about a device.
package struct ProbeFinding: Sendable, Codable, Equatable {
  /// Whether something can be done, or a mere figure.
  package enum State: String, Sendable, Codable {
    case figure, works, fails
    case notApplicable = "not applicable"
  }

  /// What was looked at, such as `MAX_WORK_GROUP_SIZE`.
  package var name: String
  package var state: State
  /// A figure, or why something fails; may be empty.
  package var value: String

  package init(_ name: String, _ state: State, _ value: String = "") {
    self.name = name
    self.state = state
    self.value = value
  }
}

/// A backend that can find out what its device can do, beyond what the driver says.
package protocol CapabilityProbe: Backend {
  /// Looks into a part and reports each finding as soon as it is there; a kernel that does not build or computes
  /// something wrong is a finding.
  ///
  /// - Throws: `LatheError` where the device itself fails.
  func probe(_ part: ProbePart, report: (ProbeFinding) -> Void) throws
}
