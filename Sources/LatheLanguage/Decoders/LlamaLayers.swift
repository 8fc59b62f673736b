import Lathe
import LatheNN

/// Attention of Llama's kind: rotary positions, and groups of heads that share keys and values.
final class LlamaAttention: ParameterContainer {
  private var query: any Module, key: any Module, value: any Module, output: any Module
  private let heads: Int, keyHeads: Int, headWidth: Int
  private let window: Int?
  private let rotary: RotaryPosition

  init(
    _ source: LayerSource, _ path: String, _ configuration: LlamaConfiguration, window: Int?,
    rotary: RotaryPosition
  ) throws {
    (heads, keyHeads, headWidth) = (configuration.heads, configuration.keyHeads, configuration.headWidth)
    self.window = window
    self.rotary = rotary
    let (width, bias) = (configuration.width, configuration.hasAttentionBias)
    query = try source.linear("\(path).q_proj", width, heads * headWidth, bias: bias)
    key = try source.linear("\(path).k_proj", width, keyHeads * headWidth, bias: bias)
    value = try source.linear("\(path).v_proj", width, keyHeads * headWidth, bias: bias)
    output = try source.linear("\(path).o_proj", heads * headWidth, width, bias: configuration.hasOutputBias)
  }

  /// Attention of tokens [batch, t, width] to those before them.
  func callAsFunction(_ input: Tensor, cache: KeyValueCache?, mask: Tensor?) -> Tensor {
    observed(input: input) {
      let (q, k, v) = projections(input, offset: cache?.count ?? 0)
      let all = cache?.append(k, v) ?? (keys: k, values: v)
      let count = all.keys.shape[2]
      var visible = mask
      if let window, window < count {
        let near = AttentionBias.slidingWindow(window, queries: q.shape[2], keys: count, device: q.device)
        visible = visible.map { $0 .&& near } ?? near
      }
      // A single query sees all that is there.
      let result = q.attention(
        keys: all.keys, values: all.values, mask: visible, isCausal: q.shape[2] > 1)
      return output(
        result.transposed(1, 2).reshaped(to: [input.shape[0], input.shape[1], heads * headWidth]))
    }
  }

  /// Queries, keys and values [batch, heads, t, d], the first two turned by their positions.
  private func projections(_ input: Tensor, offset: Int) -> (Tensor, Tensor, Tensor) {
    guard let all = QuantizedLinear.joined([query, key, value], input) else {
      return (
        rotary(split(query(input), heads), offset: offset),
        rotary(split(key(input), keyHeads), offset: offset), split(value(input), keyHeads)
      )
    }
    let states = split(all, heads + 2 * keyHeads)
    let count = heads + keyHeads
    let turned = rotary(states.sliced(axis: 1, from: 0, to: count), offset: offset)
    return (
      turned.sliced(axis: 1, from: 0, to: heads), turned.sliced(axis: 1, from: heads, to: count),
      states.sliced(axis: 1, from: count, to: count + keyHeads)
    )
  }

  private func split(_ x: Tensor, _ heads: Int) -> Tensor {
    x.reshaped(to: [x.shape[0], x.shape[1], heads, headWidth]).transposed(1, 2)
  }

  func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("q_proj", query) { self.query = $0 }
    visitor.module("k_proj", key) { self.key = $0 }
    visitor.module("v_proj", value) { self.value = $0 }
    visitor.module("o_proj", output) { self.output = $0 }
    visitor.omit(rotary)
  }
}

/// The feed-forward part of Llama's kind (Shazeer, 2020).
final class LlamaFeedForward: Module {
  private var gate: any Module, up: any Module, down: any Module

  init(_ source: LayerSource, _ path: String, _ configuration: LlamaConfiguration) throws {
    let (width, hidden, bias) = (configuration.width, configuration.hidden, configuration.hasFeedForwardBias)
    gate = try source.linear("\(path).gate_proj", width, hidden, bias: bias)
    up = try source.linear("\(path).up_proj", width, hidden, bias: bias)
    down = try source.linear("\(path).down_proj", hidden, width, bias: bias)
  }

  func forward(_ input: Tensor) -> Tensor {
    guard let both = QuantizedLinear.joined([gate, up], input) else {
      return down(gate(input).silu() * up(input))
    }
    let halves = both.split(count: 2, axis: -1)
    return down(halves[0].silu() * halves[1])
  }

  func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("gate_proj", gate) { self.gate = $0 }
    visitor.module("up_proj", up) { self.up = $0 }
    visitor.module("down_proj", down) { self.down = $0 }
  }
}

/// A decoder layer of Llama's kind.
final class LlamaLayer: ParameterContainer {
  private let attention: LlamaAttention
  private var feedForward: any Module
  private var inputNorm: any Module, attentionNorm: any Module

  init(
    _ source: LayerSource, _ path: String, _ configuration: LlamaConfiguration, window: Int?,
    rotary: RotaryPosition
  ) throws {
    let (width, epsilon) = (configuration.width, configuration.epsilon)
    attention = try LlamaAttention(
      source, "\(path).self_attn", configuration, window: window, rotary: rotary)
    feedForward = try LlamaFeedForward(source, "\(path).mlp", configuration)
    inputNorm = try source.rmsNorm("\(path).input_layernorm", width, epsilon: epsilon)
    attentionNorm = try source.rmsNorm("\(path).post_attention_layernorm", width, epsilon: epsilon)
  }

  func callAsFunction(_ input: Tensor, cache: KeyValueCache?, mask: Tensor?) -> Tensor {
    observed(input: input) {
      let x = input + attention(inputNorm(input), cache: cache, mask: mask)
      return x + feedForward(attentionNorm(x))
    }
  }

  func visit(_ visitor: inout ModuleVisitor) {
    visitor.module("self_attn", attention)
    visitor.module("mlp", feedForward) { self.feedForward = $0 }
    visitor.module("input_layernorm", inputNorm) { self.inputNorm = $0 }
    visitor.module("post_attention_layernorm", attentionNorm) { self.attentionNorm = $0 }
  }
}
