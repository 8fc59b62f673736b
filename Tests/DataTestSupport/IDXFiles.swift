import LatheML

/// Makes IDX and gzip files, byte by byte.
package enum IDXFiles {
  /// An IDX file of unsigned bytes.
  package static func encode(_ sizes: [Int], _ bytes: [UInt8], magic: Int? = nil) -> [UInt8] {
    ([magic ?? 0x800 + sizes.count] + sizes).flatMap(bigEndian) + bytes
  }

  /// A gzip file with its content in stored (not compressed) blocks, as RFC 1951 and 1952 describe it.
  package static func gzip(_ content: [UInt8]) -> [UInt8] {
    var result: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
    var start = 0
    repeat {
      let end = min(start + 65_535, content.count)
      let size = UInt16(end - start)
      result.append(end == content.count ? 1 : 0)
      for value in [size, ~size] { result += [UInt8(value & 0xFF), UInt8(value >> 8)] }
      result += content[start..<end]
      start = end
    } while start < content.count
    for value in [CRC32.checksum([content]), UInt32(content.count)] {
      result += (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
    }
    return result
  }

  /// Images that a network can learn to tell apart: a bright bar whose place is the class, in noise.
  package static func images(count: Int, seed: UInt64) -> (pixels: [UInt8], labels: [UInt8]) {
    var state = seed
    func noise() -> UInt8 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 58)
    }
    var pixels: [UInt8] = []
    pixels.reserveCapacity(count * 784)
    let labels = (0..<count).map { UInt8(($0 * 7 + 3) % 10) }
    for label in labels {
      for y in 0..<28 {
        let isBar = y >= 2 * Int(label) + 3 && y < 2 * Int(label) + 6
        for _ in 0..<28 { pixels.append(noise() + (isBar ? 180 : 0)) }
      }
    }
    return (pixels, labels)
  }

  /// A data set in memory.
  package static func dataset(count: Int, seed: UInt64) -> ImageDataset {
    let (pixels, labels) = images(count: count, seed: seed)
    return ImageDataset(
      pixels: pixels, labels: labels, height: 28, width: 28, classNames: FashionMNIST.classNames)
  }

  /// The four files of a data set, those for training gzipped.
  package static func write(to folder: TemporaryFolder, training: Int, test: Int) throws {
    for (part, count, seed) in [("train", training, 1), ("t10k", test, 2)] {
      let (pixels, labels) = images(count: count, seed: UInt64(seed))
      let images = encode([count, 28, 28], pixels)
      let classes = encode([count], labels)
      if part == "train" {
        try folder.write(gzip(images), "train-images-idx3-ubyte.gz")
        try folder.write(gzip(classes), "train-labels-idx1-ubyte.gz")
      } else {
        try folder.write(images, "t10k-images-idx3-ubyte")
        try folder.write(classes, "t10k-labels-idx1-ubyte")
      }
    }
  }

  private static func bigEndian(_ value: Int) -> [UInt8] {
    stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
  }
}
