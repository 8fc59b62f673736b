import Foundation
import Lathe
import LatheNN

/// Batches of images mixed by pairs, with the shares of classes as labels [n, classes] (Zhang et al., 2018).
public struct MixUp: Sendable {
  private let alpha: Double
  private let classes: Int

  /// - Parameters:
  ///   - alpha: Shares are drawn from Beta(alpha, alpha): the smaller, the nearer to one image alone.
  ///   - classes: The number of classes.
  public init(alpha: Double, classes: Int) {
    require(alpha > 0 && classes > 0, "MixUp: alpha \(alpha), \(classes) classes")
    self.alpha = alpha
    self.classes = classes
  }

  /// Each image plus another of the batch, by one share for all; a loader's `collation`.
  public func collate(_ examples: [LabelledImage], random: inout SampleRandom, on device: Device) throws
    -> Batch
  {
    let share = Float(random.beta(alpha))
    var partners = Array(examples.indices)
    random.shuffle(&partners)
    let pixels = try LabelledImage.pixels(examples, on: device)
    let others = pixels.indexSelected(axis: 0, indices: Tensor(partners.map { Int32($0) }, device: device))
    return Batch(
      inputs: try (pixels * share + others * (1 - share)).computed(),
      labels: try mixedLabels(examples, partners, shares: share, classes: classes, on: device),
      count: examples.count)
  }
}

/// Batches of images with a rectangle of another in each, and the shares of classes as labels (Yun et al., 2019).
public struct CutMix: Sendable {
  private let alpha: Double
  private let classes: Int

  /// - Parameters:
  ///   - alpha: The share of the image that stays is drawn from Beta(alpha, alpha).
  ///   - classes: The number of classes.
  public init(alpha: Double, classes: Int) {
    require(alpha > 0 && classes > 0, "CutMix: alpha \(alpha), \(classes) classes")
    self.alpha = alpha
    self.classes = classes
  }

  /// Each image with a rectangle of another of the batch, at one place for all; a loader's `collation`.
  public func collate(_ examples: [LabelledImage], random: inout SampleRandom, on device: Device) throws
    -> Batch
  {
    let side = (1 - random.beta(alpha)).squareRoot()
    var partners = Array(examples.indices)
    random.shuffle(&partners)
    let image = examples[0].image
    let rows = Self.stretch(side, of: image.height, &random)
    let columns = Self.stretch(side, of: image.width, &random)
    var mixed = examples
    for (index, partner) in partners.enumerated() {
      let other = examples[partner].image
      // Another size is the error of `pixels` below.
      guard other.hasSize(of: image), examples[index].image.hasSize(of: image) else { continue }
      for row in rows {
        let start = (row * image.width + columns.lowerBound) * image.channels
        let range = start..<start + columns.count * image.channels
        mixed[index].image.pixels.replaceSubrange(range, with: other.pixels[range])
      }
    }
    let share = 1 - Float(rows.count * columns.count) / Float(image.height * image.width)
    return Batch(
      inputs: try LabelledImage.pixels(mixed, on: device),
      labels: try mixedLabels(examples, partners, shares: share, classes: classes, on: device),
      count: examples.count)
  }

  /// A stretch of an axis about a random place, cut at its ends.
  private static func stretch(_ share: Double, of size: Int, _ random: inout SampleRandom) -> Range<Int> {
    let length = Int(share * Double(size))
    let start = random.next(below: size) - length / 2
    return max(start, 0)..<max(min(start + length, size), max(start, 0))
  }
}

/// Shares of classes, [n, classes]: `shares` of each example's class, the rest of its partner's.
///
/// - Throws: `LatheError.format` for a class outside 0..<classes.
private func mixedLabels(
  _ examples: [LabelledImage], _ partners: [Int], shares: Float, classes: Int, on device: Device
) throws -> Tensor {
  if let label = examples.map(\.label).first(where: { !(0..<classes).contains($0) }) {
    throw LatheError(
      .format, "label \(label) is not in 0..<\(classes); give the number of classes that the data has")
  }
  var values = [Float](repeating: 0, count: examples.count * classes)
  for (index, partner) in partners.enumerated() {
    values[index * classes + examples[index].label] += shares
    values[index * classes + examples[partner].label] += 1 - shares
  }
  return Tensor(values, shape: [examples.count, classes], device: device)
}
