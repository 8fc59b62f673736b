import Lathe

/// First values and costs that all convolutions share.
enum ConvolutionWeights {
  /// Filters [out, in / groups, window...] (transposed: [in, out / groups, window...]) and biases as PyTorch draws
  /// them.
  static func make(
    _ name: String, inputs: Int, outputs: Int, groups: Int, window: [Int], transposed: Bool, bias: Bool,
    _ initializer: Initializer, _ generator: Generator, _ device: Device
  ) -> (Parameter, Parameter?) {
    require(
      groups > 0 && inputs > 0 && outputs > 0 && inputs % groups == 0 && outputs % groups == 0
        && window.allSatisfy { $0 > 0 },
      "\(name): \(inputs) inputs and \(outputs) outputs in \(groups) groups with window \(window)")
    let rows = transposed ? inputs : outputs
    let columns = (transposed ? outputs : inputs) / groups
    let shape = Shape([rows, columns] + window)
    let weight = Parameter(initializer(shape, generator: generator, device: device))
    let fanIn = window.reduce(columns, *)
    guard bias else { return (weight, nil) }
    let first = Initializer.standardBias(fanIn: fanIn)
    return (weight, Parameter(first([outputs], generator: generator, device: device)))
  }

  /// A multiply-add per filter element at each place, and the biases.
  static func operationCount(_ weight: Parameter, _ bias: Parameter?, places: Int) -> Int {
    places * (2 * weight.shape.elementCount + (bias?.shape.elementCount ?? 0))
  }
}
