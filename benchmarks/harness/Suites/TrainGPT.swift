import Lathe
import LatheML

extension TrainSuite {
  /// A small GPT on characters.
  static func gpt(_ batch: Int) -> Workload {
    let (shape, parameters, work) = SmallGPT.description(batch)
    return Workload(.train, "gpt", shape, parameters: parameters, work: work, hasPeers: true) { device in
      let gpt = SmallGPT(on: device)
      let tokens = try SmallGPT.Tokens(batch, on: device)
      let optimizer = Adam(gpt.model.parameters, learningRate: 1e-3, decoupledDecay: 0.1)
      return step(gpt.model, optimizer, on: device) {
        gpt.loss(tokens)
      } check: {
        try gpt.error()
      }
    }
  }
}
