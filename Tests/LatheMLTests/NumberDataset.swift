import Foundation
import LatheML

/// Examples [index, a random number], each after a short sleep of an irregular length; some cannot be read.
struct NumberDataset: Dataset {
  let count: Int
  var failing: Set<Int> = []
  var sleeps = false

  func example(at index: Int, random: inout SampleRandom) throws -> FeatureRow {
    if sleeps { usleep(UInt32(index * 7919 % 13) * 100) }
    if failing.contains(index) { throw LatheError(.format, "file-\(index): line 3: broken") }
    return FeatureRow(
      features: [Float(index), Float(random.uniform())], target: .category(index % 3))
  }
}

/// The records 0, 1, 2..., as a reader of a file gives them.
final class NumberReader: RecordReader {
  private let count: Int
  private let failing: Int?
  private let unreadable: Set<Int>
  private var number = 0

  /// - Parameters:
  ///   - failing: A record at which the reader stays for ever.
  ///   - unreadable: Records that cannot be read, behind which it goes on.
  init(count: Int, failing: Int? = nil, unreadable: Set<Int> = []) {
    self.count = count
    self.failing = failing
    self.unreadable = unreadable
  }

  func next() throws -> Int? {
    guard number < count else { return nil }
    if number == failing { throw LatheError(.format, "stream: offset \(number): broken") }
    number += 1
    if unreadable.contains(number - 1) { throw LatheError(.format, "stream: offset \(number - 1): broken") }
    return number - 1
  }
}

/// The bytes of a batch's inputs and labels.
func contents(_ batch: Batch) throws -> [UInt8] { try batch.inputs.bytes() + batch.labels.bytes() }

/// The numbers in the first feature of a batch's rows.
func numbers(_ batch: Batch) throws -> [Int] {
  let values = try batch.inputs.scalars(as: Float.self)
  return stride(from: 0, to: values.count, by: batch.inputs.shape[1]).map { Int(values[$0]) }
}
