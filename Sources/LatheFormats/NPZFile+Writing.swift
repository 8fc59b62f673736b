import Lathe
import LatheFiles

extension NPYFile {
  /// The bytes of a tensor in NumPy's format, header and content; bfloat16 as two bytes without a type, as ml_dtypes has
  /// it.
  ///
  /// - Throws: `LatheError` of a tensor whose computation failed.
  static func encode(_ tensor: Tensor) throws -> [[UInt8]] {
    [header(tensor.dtype, tensor.shape), try tensor.bytes()]
  }

  /// What stands before the elements of a tensor.
  ///
  /// - Parameter size: The least bytes that it has, so that another shape's can take its place.
  package static func header(_ dtype: DType, _ shape: Shape, size: Int = 0) -> [UInt8] {
    let type =
      switch dtype {
      case .float32: "<f4"
      case .float64: "<f8"
      case .float16: "<f2"
      case .bfloat16: "<V2"
      case .int32: "<i4"
      case .int64: "<i8"
      case .uint8: "|u1"
      case .int8: "|i1"
      case .int16: "<i2"
      case .uint16: "<u2"
      case .uint32: "<u4"
      case .bool: "|b1"
      }
    let sizes = shape.map { "\($0)," }.joined(separator: " ")
    var header = Array("{'descr': '\(type)', 'fortran_order': False, 'shape': (\(sizes)), }".utf8)
    // The content begins at a multiple of 64.
    while (10 + header.count + 1) % 64 != 0 || 10 + header.count + 1 < size {
      header.append(UInt8(ascii: " "))
    }
    header.append(0x0A)
    return [0x93] + Array("NUMPY".utf8) + [1, 0] + ByteOrder.little(UInt16(header.count)) + header
  }

  /// Writes a tensor as `numpy.save` does, whole or not at all.
  public static func write(_ tensor: Tensor, to path: String) throws {
    try AtomicFile.write(encode(tensor), to: path)
  }
}

extension NPZFile {
  /// Writes tensors as `numpy.savez` does, not compressed; the file appears whole or not at all.
  ///
  /// - Throws: `LatheError`: two tensors of one name, a computation that failed, or a file that cannot be written.
  public static func write(_ tensors: [(name: String, tensor: Tensor)], to path: String) throws {
    var names = Set<String>()
    if let twice = tensors.first(where: { !names.insert($0.name).inserted })?.name {
      throw LatheError(
        .invalidArgument, "\(path): two tensors are named '\(twice)'; give each a name of its own")
    }
    try AtomicFile.write(encode(tensors), to: path)
  }

  /// The bytes of such a file.
  ///
  /// - Parameter limit: Sizes from here on stand in 64 bits.
  package static func encode(_ tensors: [(name: String, tensor: Tensor)], limit: Int = 0xFFFF_FFFF) throws
    -> [[UInt8]]
  {
    var archive = ZipWriter(limit: limit)
    for (name, tensor) in tensors { archive.add("\(name).npy", try NPYFile.encode(tensor)) }
    archive.finish()
    return archive.chunks
  }
}
