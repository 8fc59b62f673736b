import LatheML

/// One module with what PyTorch says of its outputs, gradients and buffers; see scripts/make-module-fixtures.py.
struct ModuleFixture: Decodable, Sendable {
  var name: String
  var parameters: [String: FixtureArray]
  var buffers: [String: FixtureArray]
  var inputs: [FixtureArray]
  var outputs: [FixtureArray]
  var upstream: [[Double]]
  /// The gradient expected of each input; nil for inputs without one.
  var inputGradients: [[Double]?]
  var parameterGradients: [String: [Double]]
  var buffersAfter: [String: [Double]]
}

/// A module of a fixture and how its outputs are made.
struct FixtureModule {
  let module: any ParameterContainer
  let run: ([Tensor]) -> [Tensor]

  init<M: ParameterContainer>(_ module: M, _ run: @escaping (M, [Tensor]) -> [Tensor]) {
    self.module = module
    self.run = { run(module, $0) }
  }

  /// A module of one input and one output.
  init(_ module: any Module) {
    self.module = module
    run = { [module($0[0])] }
  }

  /// A recurrent layer with its states.
  static func recurrent(_ layer: RecurrentLayer, lengths: [Int]? = nil) -> FixtureModule {
    FixtureModule(layer) { layer, x in
      let result = layer(
        x[0], hidden: x.count > 1 ? x[1] : nil, cell: x.count > 2 ? x[2] : nil, lengths: lengths)
      return [result.output, result.hidden] + (result.cell.map { [$0] } ?? [])
    }
  }
}

/// The modules of the fixtures by their names.
let fixtureModules: [String: @Sendable (Device) -> FixtureModule] = plainModules.merging(recurrentModules) {
  a, _ in
  a
}.merging(transformerModules) { a, _ in a }

private let plainModules: [String: @Sendable (Device) -> FixtureModule] = [
  "bilinear": { d in FixtureModule(Bilinear(3, 4, 2, device: d)) { [$0($1[0], $1[1])] } },
  "batchnorm1d": { d in FixtureModule(BatchNorm1D(3, device: d)) { m, x in [m(x[0]), m(x[0] * 2)] } },
  "batchnorm2d": { d in FixtureModule(BatchNorm2D(2, momentum: 0.3, device: d)) },
  "batchnorm evaluating": { d in
    let layer = BatchNorm2D(2, device: d)
    layer.eval()
    return FixtureModule(layer)
  },
  "layernorm of two axes": { d in FixtureModule(LayerNorm([3, 4] as Shape, device: d)) },
  "groupnorm": { d in FixtureModule(GroupNorm(groups: 2, 4, device: d)) },
  "rmsnorm": { d in FixtureModule(RMSNorm(6, device: d)) },
  "embedding with padding": { d in FixtureModule(Embedding(6, 3, paddingIndex: 2, device: d)) },
  "prelu": { d in FixtureModule(PReLU(3, device: d)) },
  "sinusoidal position": { d in FixtureModule(SinusoidalPosition(8, 6, device: d)) },
]

private let recurrentModules: [String: @Sendable (Device) -> FixtureModule] = {
  var result: [String: @Sendable (Device) -> FixtureModule] = [:]
  let kinds: [(String, @Sendable (Int, Int, Int, Bool, Device) -> RecurrentLayer)] = [
    ("rnn", { RNN($0, $1, layers: $2, bidirectional: $3, device: $4) }),
    ("rnn relu", { RNN($0, $1, layers: $2, relu: true, bidirectional: $3, device: $4) }),
    ("lstm", { LSTM($0, $1, layers: $2, bidirectional: $3, device: $4) }),
    ("gru", { GRU($0, $1, layers: $2, bidirectional: $3, device: $4) }),
  ]
  for (name, make) in kinds {
    result[name] = { .recurrent(make(3, 4, 1, false, $0)) }
    result["\(name) deep, both directions"] = { .recurrent(make(2, 3, 2, true, $0)) }
    result["\(name) packed"] = { .recurrent(make(2, 3, 2, true, $0), lengths: [4, 1, 3]) }
  }
  result["lstm without bias"] = { .recurrent(LSTM(2, 3, bias: false, device: $0)) }
  return result
}()

private let transformerModules: [String: @Sendable (Device) -> FixtureModule] = [
  "attention": { d in FixtureModule(MultiHeadAttention(4, heads: 2, device: d)) },
  "attention with padding": { d in
    FixtureModule(MultiHeadAttention(4, heads: 2, device: d)) { [$0($1[0], keys: nil, padding: $1[1])] }
  },
  "causal attention": { d in FixtureModule(MultiHeadAttention(4, heads: 2, isCausal: true, device: d)) },
  "cross attention": { d in
    FixtureModule(MultiHeadAttention(4, heads: 2, keyWidth: 3, valueWidth: 5, device: d)) {
      [$0($1[0], keys: $1[1], values: $1[2])]
    }
  },
  "encoder layer, norm last": { encoderLayer(normFirst: false, $0) },
  "encoder layer, norm first": { encoderLayer(normFirst: true, $0) },
  "decoder layer, norm last": { decoderLayer(normFirst: false, $0) },
  "decoder layer, norm first": { decoderLayer(normFirst: true, $0) },
  "encoder of two layers": { d in FixtureModule(TransformerEncoder(2, options(normFirst: true), device: d)) },
  "decoder of two layers": { d in
    FixtureModule(TransformerDecoder(2, options(normFirst: false), device: d)) { [$0($1[0], memory: $1[1])] }
  },
]

private func options(normFirst: Bool) -> TransformerOptions {
  TransformerOptions(width: 4, heads: 2, feedForward: 6, dropout: 0, normFirst: normFirst)
}

private func encoderLayer(normFirst: Bool, _ device: Device) -> FixtureModule {
  var wanted = options(normFirst: normFirst)
  wanted.activation = { $0.gelu() }
  return FixtureModule(TransformerEncoderLayer(wanted, device: device)) {
    [$0($1[0], mask: nil, padding: $1[1])]
  }
}

private func decoderLayer(normFirst: Bool, _ device: Device) -> FixtureModule {
  var wanted = options(normFirst: normFirst)
  wanted.isCausal = true
  return FixtureModule(TransformerDecoderLayer(wanted, device: device)) {
    [$0($1[0], memory: $1[1], memoryPadding: $1[2])]
  }
}
