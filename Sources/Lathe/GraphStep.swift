import LatheCore

/// How a node of a graph is computed.
enum GraphStep: Sendable {
  /// An element-wise operation: the operands' compute type.
  case elementwise(ElementwiseOp, DType)
  /// A backend's operation.
  case operation(Operation, on: Device)
  /// Elements of the input's memory.
  case view(Layout)
  /// A reduction; see `Tensor.reduction`.
  case reduction(
    ReductionKind, reduced: [Bool], keepDims: Bool, accumulator: DType, divisor: Double)
  /// Copies of the inputs at regions of the result.
  case assembled(regions: [Layout], fill: ScalarValue?)
  /// A copy on another device.
  case moved(Device)

  /// The results for some operands.
  func run(_ operands: [ElementwiseOperand], _ results: [TensorSpec]) -> [Tensor] {
    let tensors = operands.compactMap(\.tensor)
    let result = results[0]
    switch self {
    case .elementwise(let op, let type):
      var list = Operands<ElementwiseOperand>()
      for operand in operands { list.append(operand) }
      return [Tensor.deferred(op, list, type: type, result: result.dtype, name: "graph")]
    case .operation(let operation, let device):
      let storages = results.map {
        Storage(device: device, dtype: $0.dtype, shape: $0.shape, state: .computing)
      }
      Dispatch.run(operation, tensors, into: storages, on: device)
      return storages.map { Tensor($0) }
    case .view(let layout):
      return [Tensor(tensors[0].storage, layout)]
    case .reduction(let kind, let reduced, let keepDims, let accumulator, let divisor):
      return [
        tensors[0].reduction(
          kind, reduced: reduced, keepDims: keepDims, accumulator: accumulator, result: result.dtype,
          divisor: divisor)
      ]
    case .assembled(let regions, let fill):
      return [
        Tensor.assembled(
          "graph", result.shape, dtype: result.dtype, device: tensors[0].device,
          parts: zip(tensors, regions).map { (tensor: $0, region: $1) }, fill: fill
        ) { _ in [] }
      ]
    case .moved(let device): return [tensors[0].moved(to: device)]
    }
  }

  /// The operation's name.
  var name: String {
    switch self {
    case .elementwise(let op, _): "\(op)"
    case .operation(.custom(let kernel), _): kernel.name
    case .operation(let operation, _): Mirror(reflecting: operation).children.first?.label ?? "\(operation)"
    case .view: "asStrided"
    case .reduction(let kind, _, _, _, let divisor): divisor == 1 ? "\(kind)" : "mean"
    case .assembled: "assembled"
    case .moved: "moved"
    }
  }

  /// The settings that the step itself knows.
  var attributes: [ComputationGraph.Attribute] {
    switch self {
    case .elementwise(_, let type): [.init(name: "type", value: .string("\(type)"))]
    case .operation(.custom, _): []
    // By the names that stand beside a case, so that a new operation needs no list here.
    case .operation(let operation, _):
      Mirror(reflecting: operation).children.first.map { Self.attributes("", $0.value) } ?? []
    case .view(let layout):
      [
        .init(name: "shape", value: .ints(Array(layout.shape))),
        .init(name: "strides", value: .ints(Array(layout.strides))),
        .init(name: "offset", value: .int(layout.offset)),
      ]
    case .reduction(_, let reduced, let keepDims, let accumulator, let divisor):
      [
        .init(name: "axes", value: .ints(reduced.indices.filter { reduced[$0] })),
        .init(name: "keepDims", value: .bool(keepDims)),
        .init(name: "accumulator", value: .string("\(accumulator)")),
        .init(name: "divisor", value: .float(divisor)),
      ]
    case .assembled(let regions, let fill):
      regions.enumerated().flatMap { index, region -> [ComputationGraph.Attribute] in
        [
          .init(name: "offset.\(index)", value: .int(region.offset)),
          .init(name: "strides.\(index)", value: .ints(Array(region.strides))),
        ]
      } + (fill.map { [.init(name: "fill", value: .float($0.doubleValue))] } ?? [])
    case .moved(let device): [.init(name: "device", value: .string(device.name))]
    }
  }

  /// Settings from a value's members.
  private static func attributes(_ prefix: String, _ value: Any) -> [ComputationGraph.Attribute] {
    func one(_ value: ComputationGraph.AttributeValue) -> [ComputationGraph.Attribute] {
      [.init(name: prefix.isEmpty ? "value" : prefix, value: value)]
    }
    switch value {
    case let value as Bool: return one(.bool(value))
    case let value as Int: return one(.int(value))
    case let value as UInt64: return one(.string("\(value)"))
    case let value as Float: return one(.float(Double(value)))
    case let value as [Int]: return one(.ints(value))
    case let value as Shape: return one(.ints(Array(value)))
    default: break
    }
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .struct, .tuple:
      // Of structs within, the members' own names are enough: no case has two of the same kind.
      return mirror.children.flatMap { child in attributes(child.label ?? "", child.value) }
    case .optional:
      return mirror.children.first.map { attributes(prefix, $0.value) } ?? []
    default: return one(.string("\(value)"))
    }
  }
}
