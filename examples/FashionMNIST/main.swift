// Trains a small convolutional network on Fashion-MNIST: swift run -c release TrainFashionMNIST
//
// The data comes from Debian's package dataset-fashion-mnist, or from a folder named as the first argument.
import LatheML

let folder = CommandLine.arguments.dropFirst().first ?? FashionMNIST.defaultFolder
let training = try FashionMNIST.load(.train, from: folder)
let test = try FashionMNIST.load(.test, from: folder)

let device = Device.best  // the first OpenCL GPU, else the CPU
let model = Sequential {
  Conv2D(1, 10, kernel: 5)
  MaxPool2D(2)
  ReLU()
  Conv2D(10, 20, kernel: 5)
  MaxPool2D(2)
  ReLU()
  Flatten()
  Linear(320, 50)
  ReLU()
  Linear(50, 10)
}.moved(to: device)
let optimizer = Adam(model.parameters, learningRate: 1e-3)

for epoch in 0..<3 {
  var batches = DataLoader(training, batchSize: 64, shuffled: true, on: device)
  batches.epoch = epoch  // every epoch has an order of its own
  for batch in batches {
    let loss = crossEntropy(model(batch.inputs), batch.labels)
    optimizer.step(loss.gradients(of: model.parameters))
  }
  let result = try Evaluation(of: model, on: test, device: device)
  print("epoch \(epoch + 1): test loss \(result.loss), test accuracy \(result.accuracy)")
}
