/// How the elements of a row are stored where they take few bits: as blocks that share scales, in GGUF's layouts, or alone
/// in 16 bits.
///
/// Types named `_0` are d q, those named `_1` d q + m with float16 scales for each 32 elements; those named `_K` have
/// blocks of 256 whose parts have whole numbers as scales.
public enum BlockType: UInt8, Sendable, Hashable, CaseIterable {
  case q4_0, q4_1, q5_0, q5_1, q8_0, q2_K, q3_K, q4_K, q5_K, q6_K
  case float16, bfloat16

  /// Elements of a block: neighbours in a row.
  public var elementCount: Int {
    switch self {
    case .float16, .bfloat16: 1
    case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0: 32
    case .q2_K, .q3_K, .q4_K, .q5_K, .q6_K: 256
    }
  }

  /// Bytes of a block.
  public var byteCount: Int {
    switch self {
    case .float16, .bfloat16: 2
    case .q4_0: 18
    case .q4_1: 20
    case .q5_0: 22
    case .q5_1: 24
    case .q8_0: 34
    case .q2_K: 84
    case .q3_K: 110
    case .q4_K: 144
    case .q5_K: 176
    case .q6_K: 210
    }
  }

  /// The name as GGUF writes it: `Q4_K`, `BF16`.
  public var name: String {
    switch self {
    case .float16: "F16"
    case .bfloat16: "BF16"
    default: "\(self)".uppercased()
    }
  }

  /// The type of elements that are stored alone; nil of blocks.
  public var dtype: DType? {
    switch self {
    case .float16: .float16
    case .bfloat16: .bfloat16
    default: nil
    }
  }

  /// The type whose elements are those of a 16-bit tensor; nil for other tensors.
  public init?(_ dtype: DType) {
    switch dtype {
    case .float16: self = .float16
    case .bfloat16: self = .bfloat16
    default: return nil
    }
  }

  /// Bytes of a row.
  ///
  /// - Parameter columns: Its elements.
  /// - Returns: Nil where these are no whole number of blocks.
  public func rowByteCount(_ columns: Int) -> Int? {
    columns >= 0 && columns % elementCount == 0 ? columns / elementCount * byteCount : nil
  }
}

/// The sizes of a product of rows with matrices of blocks: y = x W^T (+ bias), the results of several W side by side.
public struct BlockProduct: Sendable, Hashable {
  /// One of the matrices.
  public struct Part: Sendable, Hashable {
    /// How its rows are stored.
    public var type: BlockType
    /// Its rows, columns of the result.
    public var n: Int

    /// A matrix from its parts.
    public init(type: BlockType, n: Int) { (self.type, self.n) = (type, n) }
  }

  /// The matrices, in the order of their columns in the result.
  public var parts: [Part]
  /// Rows of x and of the result.
  public var m: Int
  /// Columns of x and of each W, whole blocks.
  public var k: Int
  /// Whether vectors [n] are added to every row, one for each matrix.
  public var hasBias: Bool

  /// A product from its parts.
  public init(_ parts: [Part], m: Int, k: Int, hasBias: Bool = false) {
    self.parts = parts
    self.m = m
    self.k = k
    self.hasBias = hasBias
  }

  /// Columns of the result.
  public var n: Int { parts.reduce(0) { $0 + $1.n } }
}
