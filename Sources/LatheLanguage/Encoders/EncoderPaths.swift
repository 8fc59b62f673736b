/// The paths of an encoder's layers in the files of a family.
struct EncoderPaths {
  /// Of the layers, without their numbers.
  let layers: String
  /// Of the parts of a layer.
  let query: String, key: String, value: String, output: String, attentionNorm: String
  let inner: String, outer: String, outputNorm: String

  init(_ family: EncoderConfiguration.Family) {
    switch family {
    case .bert, .roberta:
      layers = "encoder.layer"
      query = "attention.self.query"
      key = "attention.self.key"
      value = "attention.self.value"
      output = "attention.output.dense"
      attentionNorm = "attention.output.LayerNorm"
      inner = "intermediate.dense"
      outer = "output.dense"
      outputNorm = "output.LayerNorm"
    case .distilbert:
      layers = "transformer.layer"
      query = "attention.q_lin"
      key = "attention.k_lin"
      value = "attention.v_lin"
      output = "attention.out_lin"
      attentionNorm = "sa_layer_norm"
      inner = "ffn.lin1"
      outer = "ffn.lin2"
      outputNorm = "output_layer_norm"
    }
  }
}
