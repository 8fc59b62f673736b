import LatheNN

// Trains a network of one's own for an epoch, with a loop of one's own, and tests it.

@main
enum CustomLoop {
  static func main() throws {
    let device = Device.default
    let images = try FashionMNIST.load(.train)
    let model = Sequential {
      Flatten()
      Linear(784, 128)
      ReLU()
      Dropout(0.1)
      Linear(128, 10)
    }.moved(to: device)
    let parameters = model.parameters
    let optimizer = Adam(parameters, learningRate: 1e-3)

    var losses: [Tensor] = []
    for (step, batch) in DataLoader(images, batchSize: 64, shuffled: true, on: device).enumerated() {
      let loss = crossEntropy(model(batch.inputs), batch.labels)
      optimizer.step(loss.gradients(of: parameters))
      // Reading waits for the device: done for many steps at once.
      losses.append(try loss.detached().evaluated())
      if losses.count == 200 {
        print("step \(step + 1)  loss \(try Tensor.stack(losses).mean().item())")
        losses.removeAll()
      }
    }
    let evaluation = try Evaluation(of: model, on: try FashionMNIST.load(.test), device: device)
    print("test accuracy \(evaluation.accuracy) on \(device)")
  }
}
