/// The sizes of a tensor's axes: at most eight, kept inline so that no operation allocates for them.
public struct Shape: Sendable, Hashable, RandomAccessCollection, MutableCollection, ExpressibleByArrayLiteral,
  CustomStringConvertible
{
  /// The largest number of axes.
  public static let maximumRank = 8

  @usableFromInline var storage: InlineArray<8, Int>
  @usableFromInline var axisCount: Int

  /// The shape of a scalar: no axes.
  @inlinable public init() {
    storage = InlineArray(repeating: 0)
    axisCount = 0
  }

  /// A shape with `rank` axes of size `size`.
  @inlinable public init(repeating size: Int, rank: Int) {
    require(rank <= Shape.maximumRank, "a tensor has at most \(Shape.maximumRank) axes, not \(rank)")
    storage = InlineArray(repeating: 0)
    axisCount = rank
    for i in 0..<rank { storage[i] = size }
  }

  /// The sizes in order.
  @inlinable public init(_ sizes: some Collection<Int>) {
    require(
      sizes.count <= Shape.maximumRank, "a tensor has at most \(Shape.maximumRank) axes, not \(sizes.count)")
    storage = InlineArray(repeating: 0)
    axisCount = 0
    for size in sizes {
      storage[axisCount] = size
      axisCount += 1
    }
  }

  /// The sizes in order.
  @inlinable public init(arrayLiteral elements: Int...) { self.init(elements) }

  /// The first axis: 0.
  @inlinable public var startIndex: Int { 0 }
  /// One past the last axis.
  @inlinable public var endIndex: Int { axisCount }
  /// The number of axes.
  @inlinable public var rank: Int { axisCount }

  /// The size of an axis counted from the front.
  @inlinable public subscript(axis: Int) -> Int {
    get {
      if axis < 0 || axis >= axisCount { noAxis(axis) }
      return storage[axis]
    }
    set {
      if axis < 0 || axis >= axisCount { noAxis(axis) }
      storage[axis] = newValue
    }
  }

  /// Stops the program; out of line, so that loops over axes stay short.
  @inline(never) @usableFromInline func noAxis(_ axis: Int) -> Never {
    stop("Shape: \(self) has no axis \(axis); axes are numbered from 0")
  }

  /// The number of elements: the product of the sizes, 1 for a scalar.
  @inlinable public var elementCount: Int {
    var count = 1
    for i in 0..<axisCount {
      let (product, isTooLarge) = count.multipliedReportingOverflow(by: storage[i])
      if isTooLarge { tooLarge() }
      count = product
    }
    return count
  }

  @inline(never) @usableFromInline func tooLarge() -> Never {
    stop("Shape: \(self) has more elements than 64 bits count")
  }

  /// Stops the program where a size is negative, which only a place to be filled in by `reshaped` may be.
  package func requireSizes() {
    require(allSatisfy { $0 >= 0 }, "Tensor: shape \(self): a size is 0 or more")
  }

  /// The shape with one more axis behind the last.
  @inlinable public func appending(_ size: Int) -> Shape {
    var result = self
    result.append(size)
    return result
  }

  /// Adds an axis behind the last.
  @inlinable public mutating func append(_ size: Int) {
    require(axisCount < Shape.maximumRank, "a tensor has at most \(Shape.maximumRank) axes")
    storage[axisCount] = size
    axisCount += 1
  }

  /// Inserts an axis before `axis`.
  @inlinable public mutating func insert(_ size: Int, at axis: Int) {
    require(axisCount < Shape.maximumRank, "a tensor has at most \(Shape.maximumRank) axes")
    var i = axisCount
    while i > axis {
      storage[i] = storage[i - 1]
      i -= 1
    }
    storage[axis] = size
    axisCount += 1
  }

  /// Removes an axis.
  @inlinable public mutating func remove(at axis: Int) {
    if axis < 0 || axis >= axisCount { noAxis(axis) }
    for i in axis..<(axisCount - 1) { storage[i] = storage[i + 1] }
    axisCount -= 1
    storage[axisCount] = 0
  }

  /// The strides, in elements, of a row-major layout without gaps.
  @inlinable public var contiguousStrides: Shape {
    var strides = self
    var step = 1
    var i = axisCount - 1
    while i >= 0 {
      strides.storage[i] = step
      step *= storage[i]
      i -= 1
    }
    return strides
  }

  /// Whether both are the same.
  @inlinable public static func == (a: Shape, b: Shape) -> Bool {
    guard a.axisCount == b.axisCount else { return false }
    for i in 0..<a.axisCount where a.storage[i] != b.storage[i] { return false }
    return true
  }

  /// Feeds what `==` compares.
  @inlinable public func hash(into hasher: inout Hasher) {
    hasher.combine(axisCount)
    for i in 0..<axisCount { hasher.combine(storage[i]) }
  }

  /// The sizes as Swift writes an array: `[64, 784]`.
  public var description: String { "[" + map(String.init).joined(separator: ", ") + "]" }

  /// The shape that two operands broadcast to by NumPy's rule, or nil where they do not fit.
  public static func broadcast(_ a: Shape, _ b: Shape) -> Shape? {
    if a == b { return a }
    var result = a.rank >= b.rank ? a : b
    let shorter = a.rank >= b.rank ? b : a
    let shift = result.rank - shorter.rank
    for i in 0..<shorter.rank {
      let x = result[i + shift]
      let y = shorter[i]
      if x == y || y == 1 { continue }
      guard x == 1 else { return nil }
      result[i + shift] = y
    }
    return result
  }
}
