import Lathe

extension PickleMachine {
  /// What a call of something on the allow-list makes.
  func arguments(_ value: PickleValue) throws(HeaderFault) -> [PickleValue] {
    guard case .tuple(let tuple) = value else { throw scanner.fault("a call whose arguments are no tuple") }
    return containers[tuple]
  }

  /// Makes what a function and its arguments say.
  mutating func call(_ values: [PickleValue], at place: Int) throws(HeaderFault) -> PickleValue {
    guard case .global(let function) = values[0] else {
      throw HeaderFault(message: "the pickle calls what is no function", offset: place)
    }
    let given = try arguments(values[1])
    switch function {
    case .orderedDictionary: return try dictionary(given)
    case .size:
      guard case .tuple? = given.first, given.count == 1 else {
        throw scanner.fault("torch.Size of no tuple")
      }
      return given[0]
    case .tensor: return try tensor(given, type: nil)
    case .typedTensor:
      guard given.count > 6, case .global(.dtype(let type)) = given[6] else {
        throw scanner.fault("_rebuild_tensor_v3 without an element type")
      }
      return try tensor(given, type: type)
    case .parameter:
      guard case .tensor? = given.first else { throw scanner.fault("_rebuild_parameter of no tensor") }
      return given[0]
    case .storage, .dtype:
      throw HeaderFault(message: "the pickle calls a type, which tensors do not need", offset: place)
    }
  }

  /// An ordered dictionary, of pairs in a list where there are any.
  private mutating func dictionary(_ given: [PickleValue]) throws(HeaderFault) -> PickleValue {
    guard let first = given.first else { return .dictionary(try add([])) }
    guard case .list(let list) = first, given.count == 1 else {
      throw scanner.fault("an OrderedDict of something else than pairs")
    }
    var values: [PickleValue] = []
    for pair in containers[list] {
      switch pair {
      case .list(let pair) where containers[pair].count == 2,
        .tuple(let pair) where containers[pair].count == 2:
        values += containers[pair]
      default: throw scanner.fault("an OrderedDict of something else than pairs")
      }
    }
    return .dictionary(try add(values))
  }

  /// A storage by what `torch.save` writes of it: ('storage', type, key, place, count), in the old form with a view.
  mutating func storage(_ id: PickleValue) throws(HeaderFault) -> PickleValue {
    let parts = try arguments(id)
    guard parts.count >= 5, parts[0].text == "storage", case .global(.storage(let dtype)) = parts[1],
      let key = parts[2].text, let count = parts[4].int, count >= 0
    else { throw scanner.fault("a reference to something else than a storage") }
    var view = 0..<count
    if parts.count > 5, case .tuple(let tuple) = parts[5] {
      let (first, size) = (
        containers[tuple].dropFirst().first?.int, containers[tuple].dropFirst(2).first?.int
      )
      guard let first, let size, first >= 0, size >= 0, size <= count - first else {
        throw scanner.fault("a view that leads behind its storage of \(count) elements")
      }
      view = first..<first + size
    }
    storages.append(PickleStorage(key: key, dtype: dtype, count: count, view: view))
    return .storage(storages.count - 1)
  }

  private func numbers(_ value: PickleValue) throws(HeaderFault) -> [Int] {
    switch value {
    case .tuple(let values), .list(let values):
      let numbers = containers[values].map(\.int)
      guard !numbers.contains(nil), numbers.count <= Shape.maximumRank else {
        throw scanner.fault("sizes or strides that are no whole numbers, or more than \(Shape.maximumRank)")
      }
      return numbers.compactMap { $0 }
    default: throw scanner.fault("a tensor without sizes or strides")
    }
  }

  /// A tensor of a storage: (storage, offset, sizes, strides, ...).
  private mutating func tensor(_ given: [PickleValue], type: DType?) throws(HeaderFault) -> PickleValue {
    guard given.count >= 4, case .storage(let number) = given[0], let offset = given[1].int, offset >= 0
    else {
      throw scanner.fault("a tensor of no storage")
    }
    let storage = storages[number]
    let (shape, strides) = try (numbers(given[2]), numbers(given[3]))
    guard let dtype = type ?? storage.dtype else { throw scanner.fault("a tensor without an element type") }
    let (bytes, isHuge) = storage.view.count.multipliedReportingOverflow(by: storage.dtype?.byteCount ?? 1)
    guard !isHuge, offset < 1 << 60 else { throw scanner.fault("a tensor of a storage that no file holds") }
    let room = bytes / dtype.byteCount
    guard let count = StoredSizes.count(shape), count <= 1 << 59 / dtype.byteCount,
      shape.count == strides.count
    else { throw scanner.fault("a tensor of impossible sizes \(shape) with strides \(strides)") }
    // The place of the last element must be in the storage.
    var last = offset
    for (size, stride) in zip(shape, strides) where count > 0 {
      let (way, overflow) = (size - 1).multipliedReportingOverflow(by: stride)
      guard stride >= 0, !overflow, way < 1 << 59 else {
        throw scanner.fault("a tensor with strides \(strides)")
      }
      last += way
    }
    guard count == 0 || last < room else {
      throw scanner.fault(
        "a tensor of \(shape) with strides \(strides) leads behind its storage of \(room) elements")
    }
    // Elements that are seen many times are copied, so that a small file must not show very many.
    guard count <= room || count * dtype.byteCount <= Self.mostRepeated else {
      throw scanner.fault(
        "a tensor that shows \(room) elements as \(count); store a contiguous() copy if that is meant")
    }
    // Along an axis of one element nothing is stepped over, whatever its stride.
    let steps = zip(shape, strides).map { $0 == 1 ? 0 : $1 }
    tensors.append(
      PickleTensor(storage: number, dtype: dtype, offset: offset, shape: shape, strides: steps))
    return .tensor(tensors.count - 1)
  }

  /// Bytes of a tensor with elements that are seen more than once.
  private static let mostRepeated = 1 << 28
}
