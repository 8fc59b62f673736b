import Lathe

/// What a pickle makes, as far as tensors need it.
///
/// Lists, tuples and dictionaries are numbers of the machine's containers: what refers to itself or is a million deep is
/// then neither freed nor walked by recursion.
enum PickleValue: Sendable {
  case none
  case bool(Bool)
  case int(Int)
  /// A whole number of more than 64 bits, as it stands in the file.
  case long([UInt8])
  case float(Double)
  case text(String)
  /// A sequence of values.
  case list(Int), tuple(Int)
  /// Keys and values by turns.
  case dictionary(Int)
  /// A name of the allow-list.
  case global(PickleGlobal)
  /// A place in the machine's storages, and in its tensors.
  case storage(Int), tensor(Int)

  /// A whole number; nil where it is none.
  var int: Int? {
    if case .int(let value) = self { return value }
    return nil
  }

  /// A text; nil where it is none.
  var text: String? {
    if case .text(let value) = self { return value }
    return nil
  }
}

/// What a pickle may name: nothing else is looked up, and none of it is code of Python's.
enum PickleGlobal: Sendable, Equatable {
  case orderedDictionary, size
  /// What makes tensors of storages: with strides, and with a type where the storage has none.
  case tensor, typedTensor
  /// What makes a parameter of a tensor.
  case parameter
  /// A storage of elements of a type; nil where it is one of bytes.
  case storage(DType?)
  /// An element type.
  case dtype(DType)

  /// A name of the allow-list; nil where it is not on it.
  init?(module: String, name: String) {
    switch (module, name) {
    case ("collections", "OrderedDict"): self = .orderedDictionary
    case ("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_tensor"): self = .tensor
    case ("torch._utils", "_rebuild_tensor_v3"): self = .typedTensor
    case ("torch._utils", "_rebuild_parameter"): self = .parameter
    case ("torch", "Size"): self = .size
    case ("torch.storage", "UntypedStorage"), ("torch", "UntypedStorage"): self = .storage(nil)
    case ("torch", _):
      if let type = Self.storages[name] {
        self = .storage(type)
      } else if let type = Self.types[name] {
        self = .dtype(type)
      } else {
        return nil
      }
    default: return nil
    }
  }

  private static let storages: [String: DType] = [
    "FloatStorage": .float32, "DoubleStorage": .float64, "HalfStorage": .float16,
    "BFloat16Storage": .bfloat16, "LongStorage": .int64, "IntStorage": .int32, "ShortStorage": .int16,
    "CharStorage": .int8, "ByteStorage": .uint8, "BoolStorage": .bool,
  ]
  private static let types = Dictionary(uniqueKeysWithValues: DType.allCases.map { ($0.description, $0) })
}

/// Memory that tensors of a pickle share.
struct PickleStorage: Sendable {
  /// Its name in the file.
  var key: String
  /// The type of its elements; nil where it is one of bytes.
  var dtype: DType?
  /// How many elements it has, bytes where it has no type.
  var count: Int
  /// The elements of it that are seen, where it is a view of another.
  var view: Range<Int>
}

/// A tensor of a pickle, checked against the storage that the pickle speaks of.
struct PickleTensor: Sendable {
  var storage: Int
  var dtype: DType
  /// Its first element in the storage.
  var offset: Int
  var shape: [Int]
  var strides: [Int]

  /// Whether its elements lie one behind the other.
  var isContiguous: Bool {
    var expected = 1
    for (size, stride) in zip(shape, strides).reversed() where size != 1 {
      guard stride == expected else { return shape.contains(0) }
      expected *= size
    }
    return true
  }
}
