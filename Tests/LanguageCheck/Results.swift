import Foundation
import Lathe
import LatheFormats
import LatheLanguage

/// What pre-trained networks compute of given tokens, as a safetensors file.
struct Results {
  /// Lists of tokens, a text each.
  let prompts: [[Int32]]
  let device: Device

  init(prompts path: String, device name: String) throws {
    prompts = try JSONDecoder().decode([[Int32]].self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    device = try Device.named(name)
  }

  /// The states of each layer of an encoder, `states.PROMPT.LAYER`.
  func encoder(_ folder: String) throws -> [(name: String, tensor: Tensor)] {
    let network = try TextEncoder.pretrained(folder, device: device)
    let longest = prompts.map(\.count).max() ?? 0
    // In one batch, with padding.
    let ids = prompts.flatMap { $0 + Array(repeating: network.paddingToken, count: longest - $0.count) }
    let states = noGradient {
      network.states(
        of: Tensor(ids, shape: [prompts.count, longest], device: device), lengths: prompts.map(\.count),
        keepsAll: true
      ).layers
    }
    return prompts.enumerated().flatMap { row, prompt in
      states.enumerated().map { layer, state in
        (
          "states.\(row).\(layer)",
          state.sliced(axis: 0, from: row, to: row + 1).sliced(axis: 1, from: 0, to: prompt.count).squeezed(0)
            .contiguous()
        )
      }
    }
  }

  /// The scores, likeliest tokens and beams of a decoder: `logits.PROMPT`, the same of a token at a time `steps.PROMPT`,
  /// `greedy.PROMPT`, `beams.PROMPT`.
  func decoder(
    _ path: String, precision: WeightPrecision, newTokens: Int, beams: Int
  ) throws -> [(name: String, tensor: Tensor)] {
    let model = try PretrainedFiles(path: path).causalModel(precision: precision, device: device)
    var options = GenerationOptions()
    options.maximumNewTokens = newTokens
    let generation = try TokenGeneration(model, prompts: prompts, options: options)
    while try generation.next() != nil {}
    options.beams = beams
    return try prompts.enumerated().flatMap { row, prompt -> [(name: String, tensor: Tensor)] in
      let logits = try noGradient {
        try model.logits(Tensor(prompt, shape: [1, prompt.count], device: device)).computed().squeezed(0)
      }
      let cache = DecoderCache(layers: model.layerCount, capacity: prompt.count)
      let steps = try noGradient {
        try prompt.map { token in
          try model.logits(Tensor([token], shape: [1, 1], device: device), cache: cache, lastOnly: true)
            .computed()
            .squeezed(0)
        }
      }
      let best = try BeamSearch(model, options: options, endTokens: []).run(prompt)
      return [
        ("logits.\(row)", logits), ("steps.\(row)", Tensor.concatenate(steps)),
        ("greedy.\(row)", Tensor(generation.sequences[row], device: .cpu)),
        ("beams.\(row)", Tensor(best.tokens, device: .cpu)),
      ]
    }
  }
}
