import LatheCore
import Synchronization

/// The kinds of models that other libraries brought, by their names in files.
public enum TablePredictors {
  private static let known = Mutex<[String: any TablePredictor.Type]>([:])

  /// Makes a kind known, so that `TableModel(path:)` can read it; any number of times.
  public static func register(_ type: any TablePredictor.Type) {
    known.withLock { $0[type.kind] = type }
  }

  /// - Throws: `LatheError.format` for a kind that nobody brought.
  static func type(of kind: String) throws -> any TablePredictor.Type {
    try known.withLock { known in
      if let type = known[kind] { return type }
      throw LatheError(
        .format,
        "a model '\(printable(kind))' that another library trains; make it known first, as `TabularNetwork.register()` does "
          + "for networks")
    }
  }
}

/// A model of another library in the JSON of a table's model; its weights are read and written beside it.
struct StoredCustomModel: Codable {
  let kind: String
  private let facts: any (Codable & Sendable)
  /// The model: at hand before it is written, and once its weights were read.
  private(set) var model: (any TablePredictor)?

  init(_ model: any TablePredictor) {
    kind = type(of: model).kind
    facts = model.facts
    self.model = model
  }

  private enum CodingKeys: String, CodingKey { case kind, facts }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    kind = try container.decode(String.self, forKey: .kind)
    func facts<P: TablePredictor>(of _: P.Type) throws -> any (Codable & Sendable) {
      try container.decode(P.Facts.self, forKey: .facts)
    }
    self.facts = try facts(of: TablePredictors.type(of: kind))
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(kind, forKey: .kind)
    try container.encode(facts, forKey: .facts)
  }

  /// Reads the weights.
  mutating func attach(weights path: String) throws {
    func read<P: TablePredictor>(_: P.Type) throws -> any TablePredictor {
      guard let own = facts as? P.Facts else {
        throw LatheError(.format, "a model '\(kind)' whose facts are of another kind")
      }
      return try P(facts: own, weights: path)
    }
    model = try read(TablePredictors.type(of: kind))
  }
}

extension TableModelFile.Model {
  /// Visits the models of other libraries, those of ensembles included, in an order that names their files.
  mutating func eachCustom(_ body: (inout StoredCustomModel) throws -> Void) rethrows {
    if var own = custom {
      try body(&own)
      custom = own
    }
    if var own = calibrated {
      for i in own.members.indices {
        for k in own.members[i].model.indices { try own.members[i].model[k].eachCustom(body) }
      }
      calibrated = own
    }
    guard var joined = ensemble else { return }
    for i in joined.members.indices { try joined.members[i].model.eachCustom(body) }
    for i in (joined.final ?? []).indices { try joined.final?[i].eachCustom(body) }
    ensemble = joined
  }
}

extension TableModelFile {
  /// The file of the weights of a model's nth model of another library.
  static func weightsName(_ place: Int) -> String {
    "table-model" + (place == 0 ? "" : "-\(place + 1)") + ".safetensors"
  }
}
