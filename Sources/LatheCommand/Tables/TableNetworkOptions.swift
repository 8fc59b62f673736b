#if CommandLine
  import ArgumentParser
  import LatheML

  /// What `lathe train` is told of networks of tables.
  struct TableNetworkOptions: ParsableArguments {
    @Option(help: "The most passes over the rows, of networks; without it 100, fewer of many rows.")
    var epochs: Int?

    @Option(help: "Rows of a batch, of networks; without it 32 to 512, by how many rows there are.")
    var batchSize: Int?

    @Option(help: "The step size of networks; without it 0.001.")
    var learningRate: Float?

    @Option(help: "How numbers are scaled for networks, quantiles or standard; without it quantiles.")
    var scaling: ColumnTransformer.NumberScaling?

    @Option(help: "Where networks are trained: auto, cpu, opencl or opencl:N; without it auto.")
    var device: String?

    func validate() throws {
      if let epochs, epochs < 1 { throw ValidationError("--epochs is \(epochs); one is the least") }
      if let batchSize, batchSize < 1 {
        throw ValidationError("--batch-size is \(batchSize); one is the least")
      }
      if let learningRate, !(learningRate > 0 && learningRate.isFinite) {
        throw ValidationError("--learning-rate is \(learningRate); give a number above 0")
      }
    }

    /// The options by name, and whether they were given.
    var given: [(name: String, isGiven: Bool)] {
      [
        ("epochs", epochs != nil), ("batch-size", batchSize != nil), ("learning-rate", learningRate != nil),
        ("scaling", scaling != nil), ("device", device != nil),
      ]
    }

    /// A network as it was asked for.
    func network(_ architecture: TabularArchitecture, isClassifier: Bool, seed: UInt64) throws -> Estimator {
      var network = TabularNetwork(architecture, isClassifier: isClassifier)
      network.epochs = epochs
      network.batchSize = batchSize
      network.learningRate = learningRate
      network.seed = seed
      network.device = try ChosenDevice.open(flag: device)
      return network.estimator
    }
  }

  extension ColumnTransformer.NumberScaling: ExpressibleByArgument {}
#endif
