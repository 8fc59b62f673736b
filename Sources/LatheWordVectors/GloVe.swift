import CPUKernels
import Foundation
import LatheCore
import Synchronization

/// GloVe: vectors whose products are the logarithms of counts (Pennington et al., 2014), by AdaGrad.
public final class GloVe {
  /// How vectors are learnt; the values are those of the paper's program.
  public struct Options: Sendable, Hashable {
    /// Elements of a vector.
    public var width = 100
    /// How often all pairs are gone through.
    public var epochs = 25
    /// The learning rate.
    public var learningRate = 0.05
    /// Counts from which on a pair weighs 1.
    public var maxCount = 100.0
    /// The power by which rarer pairs weigh less.
    public var power = 0.75
    /// Threads that train at once; with one the same seed gives the same vectors.
    public var threads = 1
    /// What is drawn.
    public var seed: UInt64 = 1

    /// The program's defaults.
    public init() {}
  }

  /// The counts.
  public let counts: CooccurrenceCounts
  /// How vectors are learnt.
  public let options: Options
  private let vectors: RowTable
  private let contexts: RowTable
  private let vectorSums: RowTable
  private let contextSums: RowTable

  /// Tables with their first values.
  ///
  /// - Throws: `LatheError` for values that cannot be used, or where there is no memory.
  public init(_ counts: CooccurrenceCounts, options: Options = Options()) throws {
    guard 1...65536 ~= options.width, 1...100_000 ~= options.epochs, options.learningRate > 0,
      options.learningRate.isFinite, options.maxCount > 0, options.maxCount.isFinite, options.power.isFinite,
      1...1024 ~= options.threads
    else {
      throw LatheError(
        .invalidArgument,
        "GloVe: width, epochs, threads, the learning rate and the largest count are above 0, and no more than is sensible"
      )
    }
    (self.counts, self.options) = (counts, options)
    let words = counts.vocabulary.words.count
    func table() throws -> RowTable { try RowTable(rows: words, width: options.width + 1) }
    (vectors, contexts, vectorSums, contextSums) = (try table(), try table(), try table(), try table())
    var random = WordRandom(seed: options.seed)
    vectors.fill(bound: 0.5 / Float(options.width + 1), random: &random)
    contexts.fill(bound: 0.5 / Float(options.width + 1), random: &random)
    for table in [vectorSums, contextSums] {
      for row in 0..<words { table.row(row).update(repeating: 1) }
    }
  }

  /// Goes through the pairs as often as the options say, in another order each time.
  ///
  /// - Returns: The mean weighted squared error of each epoch.
  public func train() -> [Double] {
    var random = WordRandom(seed: options.seed ^ 0x61C8_8646_80B5_83EB)
    var order = Array(counts.cells.indices)
    return (0..<options.epochs).map { _ in
      order.shuffle(using: &random)
      return epoch(order) / Double(order.count)
    }
  }

  private func epoch(_ order: [Int]) -> Double {
    let words = order.map { counts.cells[$0].word }, near = order.map { counts.cells[$0].context }
    let values = order.map { counts.cells[$0].count }
    let part = 1 << 14
    let parts = (order.count + part - 1) / part
    let next = Atomic(0)
    let errors = Mutex([Double](repeating: 0, count: parts))
    nonisolated(unsafe) let model = self
    DispatchQueue.concurrentPerform(iterations: min(options.threads, parts)) { _ in
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < parts else { return }
        let range = index * part..<min(order.count, (index + 1) * part)
        let error = model.run(words[range], near[range], values[range])
        errors.withLock { $0[index] = error }
      }
    }
    return errors.withLock { $0.reduce(0, +) }
  }

  private func run(_ words: ArraySlice<Int32>, _ near: ArraySlice<Int32>, _ values: ArraySlice<Float>)
    -> Double
  {
    var tables = lathe_glove_tables(
      vectors: vectors.floats, vector_sums: vectorSums.floats, contexts: contexts.floats,
      context_sums: contextSums.floats, stride: vectors.stride, width: options.width,
      rate: Float(options.learningRate), power: Float(options.power), most: Float(options.maxCount))
    return words.withUnsafeBufferPointer { words in
      near.withUnsafeBufferPointer { near in
        values.withUnsafeBufferPointer { values in
          guard let first = words.baseAddress, let second = near.baseAddress, let third = values.baseAddress
          else {
            return 0
          }
          return lathe_glove_train(&tables, first, second, third, values.count)
        }
      }
    }
  }

  /// The sums of each word's vector and its vector as a context, which the paper uses.
  public func result() -> WordVectors {
    var values: [Float] = []
    for word in counts.vocabulary.words.indices {
      values += zip(vectors.row(word), contexts.row(word)).dropLast().map { $0 + $1 }
    }
    return WordVectors(trusted: counts.vocabulary.words, values, width: options.width)
  }

  /// A word's row, its bias behind it, and the same of contexts.
  package func rows(_ word: Int) -> (word: [Float], context: [Float]) {
    ([Float](vectors.row(word)), [Float](contexts.row(word)))
  }

  /// One pair's step, for tests.
  package func step(_ cell: Int) -> Double {
    let cell = counts.cells[cell]
    return run([cell.word], [cell.context], [cell.count])
  }
}
