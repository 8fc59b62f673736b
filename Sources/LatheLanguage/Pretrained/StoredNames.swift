import Lathe

/// What a file of weights calls the layers of a network, and how it lays them out.
public struct StoredNames: Sendable {
  /// The names under which a path is looked for, best first.
  private let names: @Sendable (String) -> [String]
  /// Names in files that no network asks for.
  private let ignored: @Sendable (String) -> Bool
  /// In which order the rows of a weight have to be taken, by its path and how many there are; nil as they are.
  private let order: @Sendable (String, Int) -> [Int32]?
  /// Whether linear layers that lie transposed in the Hugging Face layout are plain ones in this file.
  let hasPlainLinear: Bool

  /// Names by rules.
  ///
  /// - Parameters:
  ///   - hasPlainLinear: Whether linear layers that lie transposed in the Hugging Face layout are plain ones here.
  ///   - ignored: Names that are passed over, such as of constants that old files hold.
  ///   - order: In which order the rows of a weight have to be taken; nil as they are.
  ///   - names: The names of a path, best first.
  init(
    hasPlainLinear: Bool = false, ignored: @escaping @Sendable (String) -> Bool = { _ in false },
    order: @escaping @Sendable (String, Int) -> [Int32]? = { _, _ in nil },
    names: @escaping @Sendable (String) -> [String]
  ) {
    self.names = names
    self.ignored = ignored
    self.order = order
    self.hasPlainLinear = hasPlainLinear
  }

  /// Names of the Hugging Face layout, old ones included: without what the paths of the base network begin with, and with
  /// `gamma` and `beta` in norms.
  ///
  /// - Parameter base: What the paths of the network without its head begin with, such as `bert.`.
  public init(base: String = "") {
    self.init(
      ignored: { name in Self.constants.contains { name == $0 || name.hasSuffix(".\($0)") } },
      names: { path in
        let paths =
          !base.isEmpty && path.hasPrefix(base) ? [path, String(path.dropFirst(base.count))] : [path]
        return paths.flatMap { path -> [String] in
          if path.hasSuffix(".weight") { return [path, "\(path.dropLast(6))gamma"] }
          if path.hasSuffix(".bias") { return [path, "\(path.dropLast(4))beta"] }
          return [path]
        }
      })
  }

  /// What older files hold besides weights: counted positions, masks and turns.
  private static let constants = [
    "position_ids", "rotary_emb.inv_freq", "attn.bias", "attn.masked_bias", "attention.bias",
    "token_type_ids",
  ]

  func candidates(_ path: String) -> [String] { names(path) }
  func isIgnored(_ name: String) -> Bool { ignored(name) }

  /// A weight, or its blocks, with the rows in the network's order.
  func ordered(_ path: String, _ tensor: Tensor) -> Tensor {
    guard let rows = order(path, tensor.shape.first ?? 0) else { return tensor }
    return tensor.indexSelected(axis: 0, indices: Tensor(rows, device: tensor.device))
  }
}
