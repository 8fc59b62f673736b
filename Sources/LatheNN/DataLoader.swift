import Lathe

/// Inputs and labels that a step works on.
public struct Batch: Sendable {
  /// Of images, pixels as float32 [n, 1, height, width], standardised as the data set says; of text, tokens [n, t].
  public let inputs: Tensor
  /// Class indices, int32 [n], or [n, t].
  public let labels: Tensor
  /// The number of examples, or of tokens where each has an answer.
  public let count: Int

  /// A batch from its parts.
  public init(inputs: Tensor, labels: Tensor, count: Int) {
    self.inputs = inputs
    self.labels = labels
    self.count = count
  }
}

/// Cuts a data set into batches, in order or shuffled by a seed, prepared ahead on a thread of its own.
///
/// The order of an epoch depends on the seed and the epoch alone, so that any position in it can be found again. The
/// last batch is smaller where the size does not divide the data set. Pixels go to the device as bytes; they become
/// numbers there.
public struct DataLoader: Sequence, Sendable {
  /// What the batches are cut from.
  public let dataset: ImageDataset
  /// Images a batch.
  public let batchSize: Int
  /// Where the batches are made.
  public let device: Device
  private let seed: UInt64?
  private let depth: Int
  /// The epoch whose order is used, counted from 0.
  public var epoch: Int
  /// The first batch given.
  public var firstBatch: Int

  /// - Parameters:
  ///   - shuffled: Whether every epoch has an order of its own, drawn from `seed`.
  ///   - epoch: The epoch whose order is used.
  ///   - firstBatch: The batch to start from, to go on where an earlier loop stopped.
  ///   - prefetch: How many batches are at most prepared ahead.
  public init(
    _ dataset: ImageDataset, batchSize: Int, shuffled: Bool = false, seed: UInt64 = 0, epoch: Int = 0,
    firstBatch: Int = 0, prefetch: Int = 4, on device: Device = .default
  ) {
    precondition(batchSize > 0 && prefetch > 0, "DataLoader: batch size \(batchSize), prefetch \(prefetch)")
    self.dataset = dataset
    self.batchSize = batchSize
    self.device = device
    self.seed = shuffled ? seed : nil
    self.epoch = epoch
    self.firstBatch = firstBatch
    depth = prefetch
  }

  /// The number of batches of an epoch.
  public var batchCount: Int { (dataset.count + batchSize - 1) / batchSize }

  /// Starts preparing batches.
  public func makeIterator() -> Iterator { Iterator(self, depth: depth) }

  /// The order of the images in the loader's epoch.
  func order() -> [Int32] { EpochOrder.indices(dataset.count, seed: seed, epoch: epoch) }

  /// Copies the rows of a batch together and sends them to the device.
  func raw(_ index: Int, order: [Int32]) -> RawBatch {
    let range = index * batchSize..<Swift.min((index + 1) * batchSize, dataset.count)
    let size = dataset.imageByteCount
    let pixels = withUnsafeTemporaryAllocation(byteCount: range.count * size, alignment: 64) { buffer in
      dataset.pixels.withUnsafeBytes { source in
        for (row, position) in range.enumerated() {
          let start = Int(order[position]) * size
          UnsafeMutableRawBufferPointer(rebasing: buffer[row * size..<(row + 1) * size])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[start..<start + size]))
        }
      }
      return Tensor(
        bytes: UnsafeRawBufferPointer(buffer), shape: [range.count, 1, dataset.height, dataset.width],
        dtype: .uint8, device: device)
    }
    let labels = range.map { Int32(dataset.labels[Int(order[$0])]) }
    return RawBatch(pixels: pixels, labels: Tensor(labels, device: device), count: range.count)
  }

  /// Takes the batches in order, waiting where they are not ready yet.
  public final class Iterator: IteratorProtocol {
    private let queue: PrefetchQueue<RawBatch>
    private let scale: Float
    private let shift: Float

    init(_ loader: DataLoader, depth: Int) {
      let dataset = loader.dataset
      scale = 1 / (255 * dataset.pixelDeviation)
      shift = -dataset.pixelMean / dataset.pixelDeviation
      let order = loader.order()
      let first = loader.firstBatch
      let count = loader.batchCount
      queue = PrefetchQueue(depth: depth, count: Swift.max(0, count - first)) {
        loader.raw(first + $0, order: order)
      }
    }

    deinit { queue.stop() }

    /// The next batch; nil behind the last.
    public func next() -> Batch? {
      queue.next().map { raw in
        Batch(
          inputs: raw.pixels.cast(to: .float32) * scale + shift, labels: raw.labels, count: raw.count)
      }
    }
  }
}

/// A batch as it was sent to the device.
struct RawBatch: Sendable {
  let pixels: Tensor
  let labels: Tensor
  let count: Int
}

/// The order of examples in an epoch, which depends on the seed and the epoch alone.
enum EpochOrder {
  /// The places 0..<count, shuffled unless the seed is nil (Fisher and Yates, 1938; Durstenfeld, 1964).
  static func indices(_ count: Int, seed: UInt64?, epoch: Int) -> [Int32] {
    var order = (0..<Int32(count)).map { $0 }
    guard let seed else { return order }
    var numbers = SplitMix64(state: seed &+ UInt64(bitPattern: Int64(epoch)) &* 0xD1B5_4A32_D192_ED03)
    for i in stride(from: order.count - 1, to: 0, by: -1) {
      order.swapAt(i, Int(numbers.next(below: UInt64(i + 1))))
    }
    return order
  }
}

/// A small generator for shuffling (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
struct SplitMix64 {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number below a bound, all equally likely but for 2^-64.
  mutating func next(below bound: UInt64) -> UInt64 { next().multipliedFullWidth(by: bound).high }
}
