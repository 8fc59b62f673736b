import DataTestSupport
import Foundation
import LatheML
import Testing

@Suite("Image files")
struct ImageFileTests {
  let folder: TemporaryFolder
  let expected: NPZFile

  init() throws {
    folder = try TemporaryFolder()
    expected = try NPZFile(path: DataFixtures.path("expected.npz"))
  }

  /// The largest difference of an image from what Pillow makes.
  private func difference(_ image: Image, _ name: String) throws -> Int {
    let tensor = try #require(try expected.tensor(name), "\(name)")
    let shape: Shape = image.channels == 1 ? [image.height, image.width] : [image.height, image.width, 3]
    #expect(tensor.shape == shape, "\(name)")
    return try zip(image.pixels, tensor.bytes()).map { abs(Int($0) - Int($1)) }.max() ?? 0
  }

  @Test(
    "Pixels as Pillow decodes them",
    arguments: [
      "color.png", "grey.png", "alpha.png", "palette.png", "bilevel.png", "deep.png", "profile.png",
      "color.jpg",
      "grey.jpg", "progressive.jpg", "print.jpg", "print-ycck.jpg", "print-plain.jpg",
    ])
  func decodes(_ name: String) throws {
    #expect(try difference(ImageFile.read(DataFixtures.path(name)), name) == 0)
  }

  @Test("Values are taken as they are in the file, whatever gamma it notes")
  func gamma() throws {
    let plain = try DataFixtures.bytes("color.png")
    let note = Array("gAMA".utf8) + [0, 1, 0x86, 0xA0]
    let checksum = CRC32.checksum([note])
    let chunk =
      [0, 0, 0, 4] + note + (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (24 - 8 * UInt32($0))) }
    let noted = Array(plain[..<33]) + chunk + plain[33...]
    #expect(try ImageFile.decode(noted, source: "x") == ImageFile.decode(plain, source: "x"))
  }

  @Test("Grey and colour become each other")
  func channels() throws {
    let grey = try ImageFile.read(DataFixtures.path("color.png"), channels: 1)
    #expect(try difference(grey, "color.png to grey") == 0)
    let color = try ImageFile.read(DataFixtures.path("grey.jpg"), channels: 3)
    let plain = try ImageFile.read(DataFixtures.path("grey.jpg"))
    #expect(color.pixels == plain.pixels.flatMap { [$0, $0, $0] })
    #expect(try ImageFile.read(DataFixtures.path("grey.png"), channels: 1).channels == 1)
  }

  @Test("Files that are no images, and kinds that are not supported")
  func faults() throws {
    #expect(message { try ImageFile.decode([], source: "a.png") }.contains("a.png: offset 0: an empty file"))
    #expect(
      message { try ImageFile.decode(Array("GIF89a".utf8), source: "a.png") }.contains(
        "neither a PNG nor a JPEG"))
    #expect(message { try ImageFile.read(folder.file("none.png")) }.contains("none.png: cannot open"))
  }

  @Test("Files that end too early", arguments: ["color.png", "color.jpg", "progressive.jpg", "palette.png"])
  func truncated(_ name: String) throws {
    let bytes = try DataFixtures.bytes(name)
    for length in 0..<bytes.count - 2 {
      let text = message { try ImageFile.decode(Array(bytes[..<length]), source: "cut") }
      #expect(text.contains("cut: "), "\(name) of \(length) bytes")
    }
    let isPNG = name.hasSuffix("png")
    if isPNG {
      // Every byte of these files counts.
      for place in bytes.indices {
        var copy = bytes
        copy[place] ^= 0x04
        #expect(!message { try ImageFile.decode(copy, source: "changed") }.isEmpty, "\(name), byte \(place)")
      }
    }
    let refused = try damage(bytes) { _ = try ImageFile.read($0) }
    #expect(refused > 20)
  }

  /// A PNG file with other sizes in its header.
  private func declaring(width: UInt32, height: UInt32) throws -> [UInt8] {
    var bytes = try DataFixtures.bytes("grey.png")
    for (place, value) in [(16, width), (20, height)] {
      for i in 0..<4 { bytes[place + i] = UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32(i))) }
    }
    let checksum = CRC32.checksum([Array(bytes[12..<29])])
    for i in 0..<4 { bytes[29 + i] = UInt8(truncatingIfNeeded: checksum >> (24 - 8 * UInt32(i))) }
    return bytes
  }

  @Test("An image bomb is refused by its declared size")
  func bombs() throws {
    #expect(
      message { try ImageFile.decode(declaring(width: 60_000, height: 60_000), source: "bomb.png") }.contains(
        "bomb.png: 60000 x 60000 pixels are declared, more than the 67108864 allowed"))
    var jpeg = try DataFixtures.bytes("grey.jpg")
    let frame = try #require(jpeg.indices.dropLast().first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
    for place in 5..<9 { jpeg[frame + place] = place % 2 == 1 ? 0xFD : 0xE8 }
    #expect(message { try ImageFile.decode(jpeg, source: "bomb.jpg") }.contains("65000 x 65000 pixels"))
    #expect(
      message { try ImageFile.read(DataFixtures.path("grey.png"), pixelLimit: 539) }.contains(
        "more than the 539"))
    #expect(try ImageFile.read(DataFixtures.path("grey.png"), pixelLimit: 540).pixels.count == 540)
    // A size that is allowed and not there.
    #expect(!message { try ImageFile.decode(declaring(width: 27, height: 2000), source: "long.png") }.isEmpty)
  }

  @Test("Sizes, turns and colours as Pillow makes them")
  func changes() throws {
    let image = try ImageFile.read(DataFixtures.path("color.png"))
    for (height, width) in [(10, 10), (31, 60), (20, 9)] {
      #expect(try difference(image.resized(height: height, width: width), "resized \(height) \(width)") <= 1)
    }
    for degrees in [30, -75, 180] {
      #expect(try difference(image.rotated(degrees: Double(degrees), fill: 9), "rotated \(degrees)") <= 1)
    }
    for factor in [Float(0.4), 1.7] {
      #expect(try difference(image.brightness(factor), "brightness \(factor)") <= 1)
      #expect(try difference(image.contrast(factor), "contrast \(factor)") <= 1)
      #expect(try difference(image.saturation(factor), "saturation \(factor)") <= 1)
    }
    for turn in [Float(0.25), -0.4] { #expect(try difference(image.hue(turn), "hue \(turn)") <= 1) }
  }

  private func copy(_ name: String, to place: String) throws {
    let target = URL(fileURLWithPath: folder.file(place))
    try FileManager.default.createDirectory(
      at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(DataFixtures.bytes(name)).write(to: target)
  }

  @Test("A folder of images, one folder a class")
  func imageFolder() throws {
    try copy("color.png", to: "dogs/2.PNG")
    try copy("color.jpg", to: "dogs/1.jpeg")
    try copy("grey.jpg", to: "cats/x.jpg")
    try copy("grey.jpg", to: "cats/.hidden.jpg")
    try copy("f4.npy", to: "cats/notes.txt")
    var images = try ImageFolder(folder.path)
    #expect(images.classNames == ["cats", "dogs"] && images.labels == [0, 1, 1])
    #expect(
      images.paths.map { String($0.dropFirst(folder.path.count)) } == [
        "/cats/x.jpg", "/dogs/1.jpeg", "/dogs/2.PNG",
      ])
    images.normalization = PixelNormalization(mean: [0.5, 0.25, 0], deviation: [0.5, 1, 2])
    let batch = try #require(try DataLoader(images, batchSize: 3, workers: 2, on: .cpu).stream().next())
    #expect(batch.inputs.shape == [3, 3, 20, 27])
    #expect(try batch.labels.scalars(as: Int.self) == [0, 1, 1])
    let values = try batch.inputs.scalars(as: Float.self)
    let pixels = try ImageFile.read(DataFixtures.path("color.png")).pixels
    for (channel, (mean, deviation)) in [(Float(0.5), Float(0.5)), (0.25, 1), (0, 2)].enumerated() {
      for pixel in 0..<540 {
        let wanted = (Float(pixels[pixel * 3 + channel]) / 255 - mean) / deviation
        #expect(abs(values[(2 * 3 + channel) * 540 + pixel] - wanted) < 1e-6)
      }
    }
  }

  @Test("A folder's faults name the folder or the file")
  func folderFaults() throws {
    #expect(message { try ImageFolder(folder.file("none")) }.contains("none: no such folder"))
    #expect(message { try ImageFolder(folder.path) }.contains("no folder in it"))
    try copy("f4.npy", to: "cats/notes.txt")
    #expect(message { try ImageFolder(folder.path) }.contains("cats: no image of this class"))
    try copy("f4.npy", to: "cats/1.png")
    let broken = try ImageFolder(folder.path)
    let stream = DataLoader(broken, batchSize: 1, workers: 2, on: .cpu).stream()
    #expect(message { try stream.next() }.contains("cats/1.png: offset 0: neither a PNG nor a JPEG"))
    try copy("color.png", to: "cats/1.png")
    try copy("f4.npy", to: "dogs/1.png")
    try FileManager.default.removeItem(atPath: folder.file("dogs/1.png"))
    try PNGPixel.write(to: folder.file("dogs/1.png"))
    let sizes = DataLoader(try ImageFolder(folder.path), batchSize: 2, on: .cpu).stream()
    #expect(message { try sizes.next() }.contains("differ in size: 20 x 27 x 3 and 1 x 1 x 3"))
  }
}

/// A PNG file of one black pixel, uncompressed.
enum PNGPixel {
  static func write(to path: String) throws {
    func big(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
    func chunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
      let body = Array(type.utf8) + content
      return big(UInt32(content.count)) + body + big(CRC32.checksum([body]))
    }
    let bytes: [UInt8] =
      [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", big(1) + big(1) + [8, 0, 0, 0, 0])
      + chunk("IDAT", [0x78, 0x01, 0x01, 2, 0, 0xFD, 0xFF, 0, 0, 0, 2, 0, 1]) + chunk("IEND", [])
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }
}
