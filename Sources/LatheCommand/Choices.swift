#if CommandLine
  import ArgumentParser
  import LatheNN

  /// The networks that the tool knows.
  enum ModelName: String, ExpressibleByArgument, CaseIterable {
    case lenet
  }

  /// The data sets that the tool knows.
  enum DataName: String, ExpressibleByArgument, CaseIterable {
    case fashionMNIST = "fashion-mnist"
  }

  /// The optimizers that the tool knows.
  enum OptimizerName: String, ExpressibleByArgument, CaseIterable {
    case adam, sgd

    func make(_ parameters: [Parameter], learningRate: Float) -> any Optimizer {
      switch self {
      case .adam: Adam(parameters, learningRate: learningRate)
      case .sgd: SGD(parameters, learningRate: learningRate, momentum: 0.9)
      }
    }
  }

  /// What says where the data and the device are, for more than one command.
  struct SharedOptions: ParsableArguments {
    @Option(help: "The data set.")
    var data = DataName.fashionMNIST

    @Option(
      help: ArgumentHelp(
        "A folder of IDX files, gzipped or not; without it Debian's package dataset-fashion-mnist is used.",
        valueName: "dir"))
    var dataDir: String?

    @Option(help: ArgumentHelp("auto, cpu, opencl or opencl:N; see `lathe devices`.", valueName: "device"))
    var device = "auto"

    @Flag(help: "Print one JSON object a line on standard output.")
    var json = false

    /// The device asked for.
    ///
    /// - Throws: `LatheError` that names the devices there are.
    func openDevice() throws -> Device {
      do {
        return try Device.named(device)
      } catch let error as LatheError where !error.message.contains("devices here") {
        let known = Device.infos.map { $0.index + ($0.error == nil ? "" : " (broken)") }
        throw LatheError(error.kind, "\(error.message); devices here: \(known.joined(separator: ", "))")
      }
    }

    /// Reads a part of the data set and checks that the network can take its images.
    func load(_ part: FashionMNIST.Part) throws -> ImageDataset {
      let folder = dataDir ?? FashionMNIST.defaultFolder
      let dataset = try FashionMNIST.load(part, from: folder)
      let size = LeNet.imageSize
      guard dataset.height == size && dataset.width == size else {
        throw LatheError(
          .format,
          "\(folder): images of \(dataset.height) x \(dataset.width) pixels; lenet takes \(size) x \(size)")
      }
      return dataset
    }
  }
#endif
