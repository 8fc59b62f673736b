#if OpenCL
  import FoundationEssentials
  import LatheCore

  /// The best parameters found for a kernel and a class of shapes on a device.
  package struct TunedRow: Codable, Sendable, Equatable {
    /// One of the choices.
    package struct Choice: Codable, Sendable, Equatable {
      package var parameters: [String: Int]
      package var microseconds: Double

      package init(parameters: [String: Int], microseconds: Double) {
        self.parameters = parameters
        self.microseconds = microseconds
      }
    }

    /// The device's name, its driver, and the driver's maker; the maker `*` is for every device.
    package var device: String
    package var driver: String
    package var vendor: String
    /// Floats of the vectors that a kernel of the `cpu` profile was built for.
    package var lanes: Int?
    /// `TunableKernel`, element type, `TuningShape`.
    package var kernel: String
    package var dtype: String
    package var shape: String
    /// The shape that was measured, and how long the built-in parameters took.
    package var measured: String?
    package var builtInMicroseconds: Double?
    /// The best first.
    package var choices: [Choice]

    package init(
      device: String, driver: String, vendor: String, lanes: Int? = nil, kernel: String,
      dtype: String = "float32", shape: String,
      measured: String? = nil, builtInMicroseconds: Double? = nil, choices: [Choice]
    ) {
      self.device = device
      self.driver = driver
      self.vendor = vendor
      self.lanes = lanes
      self.kernel = kernel
      self.dtype = dtype
      self.shape = shape
      self.measured = measured
      self.builtInMicroseconds = builtInMicroseconds
      self.choices = choices
    }

    /// Whether both are about the same thing, so that the newer replaces the older.
    func replaces(_ other: TunedRow) -> Bool {
      device == other.device && driver == other.driver && vendor == other.vendor && lanes == other.lanes
        && kernel == other.kernel && dtype == other.dtype && shape == other.shape
    }
  }

  /// Rows as a JSON file: `{"schema": "lathe-tuning-1", "rows": [...]}`.
  package enum TunedRowFile {
    static let schema = "lathe-tuning-1"

    /// The rows of a file that can be used, and a line for whatever cannot.
    ///
    /// Values are checked against a device where they are used; here a row must name a kernel and a class of this
    /// version, and have choices.
    package static func parse(_ bytes: [UInt8], name: String) -> (rows: [TunedRow], warnings: [String]) {
      let decoder = JSONDecoder()
      let data = Data(bytes)
      guard JSONNesting.isShallow(bytes) else {
        return ([], ["\(name): JSON too deep for a list of rows: its tuned kernels are not used"])
      }
      guard let head = try? decoder.decode(Head.self, from: data) else {
        return ([], ["\(name): not a JSON file with a schema: its tuned kernels are not used"])
      }
      guard head.schema == schema else {
        return ([], ["\(name): schema '\(head.schema)' and not '\(schema)': its tuned kernels are not used"])
      }
      guard let body = try? decoder.decode(Body.self, from: data) else {
        return ([], ["\(name): it has no list of rows: its tuned kernels are not used"])
      }
      var warnings: [String] = []
      var rows: [TunedRow] = []
      for (index, entry) in body.rows.enumerated() {
        switch entry.result {
        case .success(let row):
          if let objection = objection(to: row) {
            warnings.append("\(name): row \(index + 1) is not used: \(objection)")
          } else {
            rows.append(row)
          }
        case .failure(let mistake): warnings.append("\(name): row \(index + 1) is not used: \(mistake.text)")
        }
      }
      return (rows, warnings)
    }

    /// Rows as the text of a file.
    package static func text(_ rows: [TunedRow]) throws -> [UInt8] {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return Array(try encoder.encode(Written(schema: schema, rows: rows))) + [UInt8(ascii: "\n")]
    }

    private static func objection(to row: TunedRow) -> String? {
      guard let kernel = TunableKernel(rawValue: row.kernel) else { return "no kernel '\(row.kernel)'" }
      guard row.dtype == "float32" else { return "no kernel \(row.kernel) for '\(row.dtype)'" }
      guard kernel.shapes.contains(where: { $0.rawValue == row.shape }) else {
        return "\(row.kernel) has no class of shapes '\(row.shape)'"
      }
      return row.choices.isEmpty ? "it has no choice" : nil
    }

    private struct Head: Decodable {
      var schema: String
    }
    private struct Body: Decodable {
      var rows: [Entry]
    }
    private struct Written: Encodable {
      var schema: String
      var rows: [TunedRow]
    }
    struct Mistake: Error {
      var text: String
    }

    /// A row or what is wrong with it, so that one bad row does not cost the others.
    private struct Entry: Decodable {
      var result: Result<TunedRow, Mistake>

      init(from decoder: any Decoder) throws {
        do {
          result = .success(try TunedRow(from: decoder))
        } catch {
          // Of any type: a number that is none of the type's is no DecodingError.
          result = .failure(Mistake(error))
        }
      }
    }
  }

  extension TunedRowFile.Mistake {
    /// What a decoder objects to, in a few words.
    fileprivate init(_ error: any Error) {
      func path(_ context: DecodingError.Context) -> String {
        // The first two are the list and the row's place in it.
        context.codingPath.dropFirst(2).map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(
          separator: ".")
      }
      switch error as? DecodingError {
      case .keyNotFound(let key, _): text = "'\(key.stringValue)' is missing"
      case .typeMismatch(_, let context) where path(context).isEmpty: text = "it is no object"
      case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
        text = "'\(path(context))' is of a wrong type"
      default: text = "one of its numbers is no whole number, or too large"
      }
    }
  }
#endif
