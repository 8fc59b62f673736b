import Lathe
import LatheCore
import LatheNN

/// A kind of network of tables with its sizes.
public enum TabularArchitecture: Sendable, Hashable, Codable {
  /// Layers with ReLU.
  case mlp(TabularMLP.Configuration = .init())
  /// Residual blocks.
  case resNet(TabularResNet.Configuration = .init())
  /// Attention between features.
  case ftTransformer(FTTransformer.Configuration = .init())

  /// The name that commands and stored models have.
  public var name: String {
    switch self {
    case .mlp: "tabular-mlp"
    case .resNet: "tabular-resnet"
    case .ftTransformer: "ft-transformer"
    }
  }

  /// A network with first values drawn.
  public func module(
    _ columns: TabularColumns, outputs: Int, generator: Generator, device: Device
  ) -> any Module {
    switch self {
    case .mlp(let own): TabularMLP(columns, outputs: outputs, own, generator: generator, device: device)
    case .resNet(let own): TabularResNet(columns, outputs: outputs, own, generator: generator, device: device)
    case .ftTransformer(let own):
      FTTransformer(columns, outputs: outputs, own, generator: generator, device: device)
    }
  }

  /// Elements that the widest layer makes of a row, of which follows how many rows are asked at once.
  func elements(_ columns: TabularColumns) -> Int {
    switch self {
    case .mlp(let own): columns.numbers + columns.cardinalities.count * own.embeddingWidth + own.width
    case .resNet(let own):
      columns.numbers + columns.cardinalities.count * own.embeddingWidth + own.width + own.hidden
    case .ftTransformer(let own): (columns.count + 1) * (4 * own.width + 2 * own.hidden)
    }
  }

  /// What no network can have; nil where nothing is wrong.
  var problem: String? {
    let (sizes, shares): ([(String, Int)], [(String, Float)])
    switch self {
    case .mlp(let own):
      sizes = [("blocks", own.blocks), ("width", own.width), ("embeddingWidth", own.embeddingWidth)]
      shares = [("dropout", own.dropout)]
    case .resNet(let own):
      sizes = [
        ("blocks", own.blocks), ("width", own.width), ("hidden", own.hidden),
        ("embeddingWidth", own.embeddingWidth),
      ]
      shares = [("dropout", own.dropout), ("residualDropout", own.residualDropout)]
    case .ftTransformer(let own):
      sizes = [
        ("blocks", own.blocks), ("width", own.width), ("heads", own.heads), ("hidden", own.hidden),
      ]
      shares = [
        ("attentionDropout", own.attentionDropout), ("dropout", own.dropout),
        ("residualDropout", own.residualDropout),
      ]
      if own.heads > 0, own.width % own.heads != 0 {
        return "width is \(own.width), no multiple of its \(own.heads) heads"
      }
    }
    if let (name, value) = sizes.first(where: { !(1...65536).contains($0.1) }) {
      return "\(name) is \(value), not in 1...65536"
    }
    if let (name, value) = shares.first(where: { !($0.1 >= 0 && $0.1 < 1) }) {
      return "\(name) is \(value), not in 0..<1"
    }
    return nil
  }
}
