#if OpenCL
  import LatheCore

  /// A class of shapes that one choice of parameters serves.
  package enum TuningShape: String, Sendable, CaseIterable {
    /// Products with at most 16 rows, at most 16 columns, and by the number of results.
    case row, column, small, medium, large
    /// Convolutions of single pixels, of fewer than 16 channels, and others.
    case pointwise, few, deep
    /// Attention of heads with at most 64 elements, and with more; rows of at most 1024 numbers, and of more.
    case narrow, wide
    /// Reductions along rows, along columns, and of everything to one result.
    case rows, columns, whole
    /// Elements that follow each other in memory.
    case run

    /// The class of an [m, n] result.
    package static func product(m: Int, n: Int) -> TuningShape {
      if m <= 16 { return .row }
      if n <= 16 { return .column }
      return m * n <= 1 << 16 ? .small : m * n <= 1 << 20 ? .medium : .large
    }

    /// The class of a convolution.
    package static func convolution(_ sizes: Convolution2D) -> TuningShape {
      if sizes.kernelHeight * sizes.kernelWidth == 1 { return .pointwise }
      return sizes.channels / sizes.groups < 16 ? .few : .deep
    }

    /// The class of an attention.
    package static func attention(_ sizes: Attention) -> TuningShape {
      max(sizes.width, sizes.valueWidth) <= 64 ? .narrow : .wide
    }
  }

  /// The kernels whose parameters `lathe tune` searches; the raw value stands in rows.
  package enum TunableKernel: String, Sendable, CaseIterable {
    case gemmCPU = "gemm_cpu"
    case gemmGPU = "gemm_gpu"
    case convolutionCPU = "convolution_cpu"
    case filterGradientCPU = "convolution_filter_cpu"
    case convolutionGPU = "convolution_gpu"
    case attentionGPU = "attention_gpu"
    case gemvGPU = "gemv_gpu"
    case splitGPU = "split_gpu"
    case reductionGPU = "reduction_gpu"
    case rowsGPU = "rows_gpu"
    case elementwiseGPU = "elementwise_gpu"
    case winogradGPU = "winograd_gpu"

    package var suite: TuningSuite {
      switch self {
      case .gemmCPU, .gemmGPU: .gemm
      case .convolutionCPU, .filterGradientCPU, .convolutionGPU, .winogradGPU: .conv
      case .attentionGPU: .attention
      case .gemvGPU: .gemv
      case .splitGPU: .split
      case .reductionGPU: .reduction
      case .rowsGPU: .rows
      case .elementwiseGPU: .elementwise
      }
    }

    package var profile: KernelProfile {
      switch self {
      case .gemmCPU, .convolutionCPU, .filterGradientCPU: .cpu
      default: .gpu
      }
    }

    /// The classes that are tuned; others keep the built-in choice.
    package var shapes: [TuningShape] {
      switch self {
      // With few rows the block of rows follows m itself.
      case .gemmCPU: [.small, .medium, .large]
      case .gemmGPU: [.row, .column, .small, .medium, .large]
      case .convolutionCPU, .convolutionGPU: [.pointwise, .few, .deep]
      // Of many channels filter_lanes takes care.
      case .filterGradientCPU: [.pointwise, .few]
      case .attentionGPU, .rowsGPU: [.narrow, .wide]
      case .gemvGPU: [.row, .column]
      case .splitGPU: [.small, .medium]
      case .reductionGPU: [.rows, .columns, .whole]
      case .elementwiseGPU: [.run]
      case .winogradGPU: [.deep]
      }
    }

    /// The parameters with the values they can have.
    package var axes: [(name: String, values: [Int])] {
      switch self {
      case .gemmCPU:
        [
          ("MR", [4, 6, 8, 10, 12, 14]), ("NV", [1, 2, 3, 4]), ("BLOCK_K", [128, 256, 384, 512]),
          ("MAX_ROWS", [48, 96, 144, 192]), ("COLUMNS", [256, 512, 1024]),
        ]
      case .gemmGPU:
        [
          ("TILE_M", [16, 32, 64, 128]), ("TILE_N", [16, 32, 64, 128]), ("DEPTH", [8, 16, 32]),
          ("WORK_M", [1, 4, 8]), ("WORK_N", [1, 4, 8]),
        ]
      case .convolutionCPU:
        [("NV", [1, 2, 3, 4]), ("SUMS", [8, 12, 16, 24, 28]), ("PANEL", [16384, 32768, 65536, 131072])]
      case .filterGradientCPU:
        [("PANEL", [32768, 65536, 131072]), ("TILE_ROWS", [3, 4, 5]), ("TILE_TAPS", [3, 4, 5])]
      case .convolutionGPU:
        [("TILE_M", [32, 64, 128]), ("TILE_N", [64, 128]), ("DEPTH", [8, 16]), ("WORK", [4, 8])]
      case .attentionGPU: [("STEPS", [1, 2, 4, 8])]
      // Work-items that share a column.
      case .gemvGPU: [("SHARE", [16, 32, 64])]
      // Tiles for each compute unit, 0 for no slices, and the shortest slice.
      case .splitGPU: [("TILES", [0, 1, 2, 4, 8]), ("SHORTEST", [128, 256, 512, 1024])]
      // Parts for each compute unit, and the fewest elements of one.
      case .reductionGPU: [("PARTS", [1, 2, 4, 8, 16]), ("LEAST", [512, 1024, 2048, 4096])]
      // Work-items of a row.
      case .rowsGPU: [("ITEMS", [32, 64, 128, 256])]
      // Elements of a vector, and work-groups for each compute unit.
      case .elementwiseGPU: [("WIDTH", [1, 2, 4, 8]), ("GROUPS", [8, 16, 32, 64, 128])]
      // Whether it is used where the estimate says that it pays.
      case .winogradGPU: [("USE", [0, 1])]
      }
    }

    /// Why parameters cannot be used on a device; nil where they can.
    package func objection(to parameters: KernelParameters, _ limits: TuningLimits) -> String? {
      guard parameters.values.count == axes.count else {
        return "it takes \(axes.map(\.name).joined(separator: ", ")), not \(parameters)"
      }
      for (name, values) in axes {
        guard let value = parameters.values[name] else { return "\(name) is missing" }
        guard values.contains(value) else {
          return "\(name) is \(value); it can be \(values.map(String.init).joined(separator: ", "))"
        }
      }
      guard let demand = demand(parameters, limits.vectors) else {
        return "\(parameters) do not fit each other"
      }
      return demand.objection(limits)
    }

    /// What parameters take; nil where they contradict each other.
    private func demand(_ p: KernelParameters, _ vectors: VectorRegisters) -> KernelDemand? {
      switch self {
      case .gemmCPU:
        // Sums, a vector of b for each column of them and a factor of a fill the vector registers.
        guard p["MR"] * p["NV"] + p["NV"] + 1 <= vectors.count, p["MAX_ROWS"] >= p["MR"],
          (p["MAX_ROWS"] + vectors.lanes * p["NV"]) * p["BLOCK_K"] * 4 <= 512 << 10
        else { return nil }
        return KernelDemand()
      case .convolutionCPU:
        // Half of the registers with sums hide how long a multiply-add takes.
        return p["NV"] <= p["SUMS"] && vectors.count / 2 <= p["SUMS"] && p["SUMS"] + p["NV"] < vectors.count
          ? KernelDemand() : nil
      case .filterGradientCPU:
        return p["TILE_ROWS"] * p["TILE_TAPS"] + p["TILE_TAPS"] + 1 < vectors.count ? KernelDemand() : nil
      case .attentionGPU:
        return KernelDemand(workItems: 256, localBytes: 30464)
      case .gemvGPU: return KernelDemand(workItems: 256, localBytes: 8192)
      case .splitGPU, .winogradGPU: return KernelDemand()
      case .reductionGPU, .elementwiseGPU: return KernelDemand(workItems: 256, localBytes: 4096)
      case .rowsGPU: return KernelDemand(workItems: p["ITEMS"], localBytes: p["ITEMS"] * 4)
      case .gemmGPU:
        let (m, n, depth, workM, workN) = (p["TILE_M"], p["TILE_N"], p["DEPTH"], p["WORK_M"], p["WORK_N"])
        guard m % workM == 0, n % workN == 0 else { return nil }
        let items = (m / workM) * (n / workN)
        // A group of fewer leaves most of a wavefront idle.
        guard items >= 32 else { return nil }
        func loads(_ tile: Int) -> Int { roundedUp(ceilingDivide(tile * depth, items), to: 4) }
        return KernelDemand(
          workItems: items, localBytes: 2 * depth * (m + 4 + n + 4) * 4,
          registers: workM * workN + workM + workN + loads(m) + loads(n) + 24)
      case .convolutionGPU:
        let (m, n, depth, work) = (p["TILE_M"], p["TILE_N"], p["DEPTH"], p["WORK"])
        let items = m * n / (work * work)
        // Each work-item reads steps of one pixel, or columns of one.
        guard items % n == 0, depth % (items / n) == 0, items % depth == 0 else { return nil }
        return KernelDemand(
          workItems: items, localBytes: 2 * depth * (m + 4 + n + 4) * 4,
          registers: work * work + 2 * work + roundedUp(ceilingDivide(m * depth, items), to: 4)
            + n * depth / items + 40)
      }
    }
  }
#endif
