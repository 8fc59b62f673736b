import LatheCore
import LatheLearn
import Lathe
import LatheFiles
import LatheFormats
import LatheNN
import LatheTraining

/// A trained network of a table.
public struct FittedTabularNetwork: TablePredictor {
  /// What the JSON of a table's model says of it.
  public struct Facts: Codable, Sendable {
    /// The network.
    public let architecture: TabularArchitecture
    let layout: FeatureLayout
    let classes: Int
    let center: Double
    let scale: Double
    /// Epochs that were done.
    public let epochs: Int
    /// The epoch whose weights these are, from 1 on.
    public let bestEpoch: Int
    /// Its loss on the rows kept apart; nil where there were none.
    public let validationLoss: Double?
  }

  /// The name of the kind in files.
  public static let kind = "tabularNetwork"
  /// What the JSON says.
  public let facts: Facts
  private let network: SharedModel<any Module>
  private let device: Device
  /// How many bytes the weights take.
  public let weightBytes: Int

  init(
    facts: Facts, state: [String: (shape: Shape, values: BestWeights.Values)], device: Device
  ) throws {
    let module = Self.module(facts, device)
    try module.load(
      state.mapValues { $0.values.tensor($0.shape, device) }, from: facts.architecture.name)
    self.init(facts, module, device)
  }

  /// Reads a network.
  public init(facts: Facts, weights path: String) throws {
    guard facts.architecture.problem == nil, facts.layout.isSound, facts.classes >= 0, facts.classes != 1,
      facts.center.isFinite, facts.scale.isFinite
    else {
      throw LatheError(
        .format,
        "\(facts.architecture.name): sizes, columns or classes that no network has"
          + (facts.architecture.problem.map { ": \($0)" } ?? ""))
    }
    // Before memory is taken for a network that the file does not hold.
    let bytes = try RegularFile(path).size
    let least = Self.leastElements(facts)
    guard least <= bytes / 4 else {
      throw LatheError(.format, "\(path): \(bytes) bytes, too few for the network of the JSON")
    }
    let device = try LoadingDevice.current ?? Device.named("auto")
    let module = Self.module(facts, device)
    try module.load(from: path)
    self.init(facts, module, device)
  }

  private init(_ facts: Facts, _ module: sending any Module, _ device: Device) {
    self.facts = facts
    self.device = device
    weightBytes = 4 * module.parameterCount
    network = SharedModel(module)
  }

  private static func module(_ facts: Facts, _ device: Device) -> any Module {
    facts.architecture.module(
      facts.layout.columns, outputs: max(facts.classes, 1), generator: Generator(seed: 0), device: device)
  }

  /// Elements that the weights have at least.
  private static func leastElements(_ facts: Facts) -> Int {
    let (rows, numbers) = (facts.layout.cardinalities.reduce(0, +), facts.layout.numbers.count)
    switch facts.architecture {
    case .mlp(let own): return rows * own.embeddingWidth + own.width * numbers + own.blocks * own.width
    case .resNet(let own):
      return rows * own.embeddingWidth + own.width * numbers + 2 * own.blocks * own.width * own.hidden
    case .ftTransformer(let own):
      return (rows + numbers) * own.width + own.blocks * own.width * (4 * own.width + 3 * own.hidden)
    }
  }

  /// How many rows are asked at once, so that the widest layer takes some 64 MB.
  static func batchRows(_ architecture: TabularArchitecture, _ columns: TabularColumns) -> Int {
    max(16, min(4096, (1 << 24) / max(1, architecture.elements(columns))))
  }

  /// How many features a row has.
  public var columns: Int { facts.layout.width }
  /// How many classes there are; 0 of numbers.
  public var classes: Int { facts.classes }

  /// Writes the weights as safetensors.
  public func saveWeights(to path: String) throws { try network { try $0.save(to: path) } }

  /// Refuses missing numbers.
  public func check(_ x: FeatureMatrix, what: String) throws { try facts.layout.check(x, what: what) }

  /// Numbers, or the places of the most probable classes.
  public func predict(_ x: FeatureMatrix) throws -> [Double] {
    let found = try outputs(x)
    guard classes > 0 else { return found.map { Double($0) * facts.scale + facts.center } }
    return stride(from: 0, to: found.count, by: classes).map { first in
      Double((0..<classes).reduce(0) { found[first + $1] > found[first + $0] ? $1 : $0 })
    }
  }

  /// The probability of each class, class after class in each row; nil of numbers.
  public func probabilities(_ x: FeatureMatrix) throws -> [Double]? {
    guard classes > 0 else { return nil }
    let found = try outputs(x)
    return stride(from: 0, to: found.count, by: classes).flatMap { first in
      var row = found[first..<first + classes].map { Double($0) }
      softmax(&row)
      return row
    }
  }

  /// What the network makes of rows, row after row.
  private func outputs(_ x: FeatureMatrix) throws -> [Float] {
    try check(x, what: facts.architecture.name)
    let size = Self.batchRows(facts.architecture, facts.layout.columns)
    var result: [Float] = []
    for first in stride(from: 0, to: x.rows, by: size) {
      let rows = first..<min(first + size, x.rows)
      let input = Tensor(
        facts.layout.rows(x, rows), shape: [rows.count, facts.layout.width], device: device)
      result += try network { try $0(input).scalars(as: Float.self) }
    }
    return result
  }
}
