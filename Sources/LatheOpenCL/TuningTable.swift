#if OpenCL
  import LatheCore

  /// The device that rows are looked up for.
  package struct TuningIdentity: Sendable, Equatable {
    package var device: String
    package var driver: String
    /// The maker of the driver, not of the chip: PoCL's kernels are alike on every processor.
    package var vendor: String
    /// Floats of a vector, which tiles of the `cpu` profile are made of; nil for other kernels.
    package var lanes: Int?

    package init(device: String, driver: String, vendor: String, lanes: Int? = nil) {
      self.device = device
      self.driver = driver
      self.vendor = vendor
      self.lanes = lanes
    }
  }

  /// Tuned rows: the user's own, and those that come with the program.
  package struct TuningTable: Sendable {
    /// How near a row is to the device it is looked up for.
    package enum Level: String, Sendable, CaseIterable {
      case driver, device, vendor
      case everyDevice = "every device"

      func admits(_ row: TunedRow, _ identity: TuningIdentity) -> Bool {
        guard row.lanes == identity.lanes || row.lanes == nil && knowsTheWidth else { return false }
        switch self {
        case .driver: return row.device == identity.device && row.driver == identity.driver
        case .device: return row.device == identity.device
        case .vendor: return row.vendor == identity.vendor
        case .everyDevice: return row.vendor == "*"
        }
      }

      /// Whether a row that does not say for which vectors it was measured is for those of the same device.
      private var knowsTheWidth: Bool { self == .driver || self == .device }
    }

    package var user: [TunedRow]
    package var shipped: [TunedRow]

    package init(user: [TunedRow], shipped: [TunedRow]) {
      self.user = user
      self.shipped = shipped
    }

    /// The nearest row for the device's vectors: of this device and driver, of this device, of its driver's maker, of every
    /// device; on each level the user's own comes first, and of several the last, which is the newest.
    package func row(_ kernel: TunableKernel, _ shape: TuningShape, for identity: TuningIdentity) -> (
      TunedRow, Level
    )? {
      for level in Level.allCases {
        for rows in [user, shipped] {
          let row = rows.last {
            $0.kernel == kernel.rawValue && $0.shape == shape.rawValue && level.admits($0, identity)
          }
          if let row { return (row, level) }
        }
      }
      return nil
    }

    /// The files of kernels/opencl/tuned.
    private static let shippedFiles = ["tuned/pocl.json"]

    /// The user's own file: tuning.json beside the compiled kernels; nil where nothing is kept.
    static var userFile: String? { BinaryCache.standard().folder.map { $0 + "/tuning.json" } }

    /// The rows of this process, read once; what cannot be used is named on standard error.
    static let standard: TuningTable = {
      func rows(_ bytes: [UInt8], _ name: String) -> [TunedRow] {
        let (rows, warnings) = TunedRowFile.parse(bytes, name: name)
        for warning in warnings { writeToStandardError("lathe: warning: \(warning)") }
        return rows
      }
      let user =
        userFile.flatMap { file -> [TunedRow]? in
          if let bytes = FileBytes.read(file) { return rows(bytes, file) }
          if FileBytes.exists(file) {
            writeToStandardError(
              "lathe: warning: \(file): cannot be read as a file: its tuned kernels are not used")
          }
          return nil
        } ?? []
      let shipped = shippedFiles.flatMap { name -> [TunedRow] in
        guard let text = try? KernelSource.content(of: name) else { return [] }
        return rows(Array(text.utf8), name)
      }
      return TuningTable(user: user, shipped: shipped)
    }()
  }
#endif
