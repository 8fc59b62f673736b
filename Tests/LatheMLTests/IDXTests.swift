import DataTestSupport
import Foundation
import LatheML
import Testing

/// Whether an error's message holds all these parts.
func says(_ error: (any Error)?, _ parts: String...) -> Bool {
  guard let error = error as? LatheError else { return false }
  return parts.allSatisfy { error.message.contains($0) }
}

@Suite("IDX files")
struct IDXTests {
  let folder: TemporaryFolder
  let content: [UInt8] = (0..<24).map { UInt8($0 * 3) }

  init() throws { folder = try TemporaryFolder() }

  private func failure(_ bytes: [UInt8], axes: Int = 3) throws -> LatheError? {
    let path = try folder.write(bytes, "file")
    do {
      _ = try IDXArray(path: path, axes: axes)
      return nil
    } catch {
      return error as? LatheError
    }
  }

  @Test("A plain and a gzipped file hold the same")
  func reads() throws {
    let file = IDXFiles.encode([2, 3, 4], content)
    for bytes in [file, IDXFiles.gzip(file)] {
      let array = try IDXArray(path: try folder.write(bytes, "file"), axes: 3)
      #expect(array.sizes == [2, 3, 4])
      #expect(array.bytes == content)
    }
  }

  @Test("A gzip file of several blocks")
  func readsLarge() throws {
    let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let file = IDXFiles.gzip(IDXFiles.encode([200_000], bytes))
    #expect(try IDXArray(path: try folder.write(file, "file"), axes: 1).bytes == bytes)
  }

  @Test("A wrong magic number")
  func magic() throws {
    let error = try failure(IDXFiles.encode([2, 3, 4], content, magic: 0x0D03))
    #expect(says(error, "file", "offset 0", "0x00000d03", "0x00000803"))
    #expect(says(try failure(IDXFiles.encode([24], content)), "magic number 0x00000801"))
  }

  @Test("A file that ends too early", arguments: [0, 3, 9, 16, 39])
  func truncated(_ length: Int) throws {
    let file = Array(IDXFiles.encode([2, 3, 4], content).prefix(length))
    #expect(says(try failure(file), "offset \(length)", "fetch the file again"))
    #expect(says(try failure(IDXFiles.gzip(file)), "offset \(length)"))
  }

  @Test("A gzip file cut off anywhere", arguments: [5, 12, 20, 54, 60, 62])
  func truncatedGzip(_ length: Int) throws {
    let file = Array(IDXFiles.gzip(IDXFiles.encode([2, 3, 4], content)).prefix(length))
    #expect(says(try failure(file), "file"), "\(length) bytes were taken")
  }

  @Test("A gzip file with a wrong byte", arguments: [3, 11, 35, 56])
  func corruptGzip(_ position: Int) throws {
    var file = IDXFiles.gzip(IDXFiles.encode([2, 3, 4], content))
    file[position] ^= 0x55
    #expect(says(try failure(file), "file"), "byte \(position)")
  }

  @Test("Data behind the end")
  func trailing() throws {
    #expect(says(try failure(IDXFiles.encode([2, 3, 4], content + [0])), "offset 40", "goes on"))
  }

  @Test("Sizes far beyond the file take no memory")
  func hugeSizes() throws {
    let huge = 0xFFFF_FFFF
    #expect(says(try failure(IDXFiles.encode([huge, huge, huge], content)), "impossibly large"))
    #expect(says(try failure(IDXFiles.encode([huge, 2, 3], content)), "truncated"))
    #expect(says(try failure(IDXFiles.gzip(IDXFiles.encode([huge, 1, 1], content))), "truncated"))
  }

  @Test("A folder, a missing file")
  func missing() throws {
    #expect(throws: LatheError.self) { try IDXArray(path: folder.path, axes: 3) }
    #expect(throws: LatheError.self) { try IDXArray(path: folder.file("none"), axes: 3) }
  }

  @Test("Images and labels that do not belong together")
  func pairs() throws {
    let images = try folder.write(IDXFiles.encode([2, 3, 4], content), "images")
    let three = try folder.write(IDXFiles.encode([3], [0, 1, 2]), "three")
    let wrong = try folder.write(IDXFiles.encode([2], [0, 10]), "wrong")
    let names = FashionMNIST.classNames
    #expect {
      try ImageDataset(images: images, labels: three, classNames: names)
    } throws: {
      says($0, "2 images", "3 labels")
    }
    #expect {
      try ImageDataset(images: images, labels: wrong, classNames: names)
    } throws: {
      says($0, "offset 9", "label 10", "0..<10")
    }
  }

  @Test("A missing data set says how to get it")
  func missingDataset() throws {
    #expect {
      try FashionMNIST.load(.train, from: folder.path)
    } throws: {
      says($0, folder.path, "train-images-idx3-ubyte", "name a folder of IDX files")
        && !says($0, "dataset-fashion-mnist")
    }
    if !FileManager.default.fileExists(atPath: FashionMNIST.defaultFolder) {
      #expect {
        try FashionMNIST.load(.train)
      } throws: {
        says($0, "apt-get install dataset-fashion-mnist", "--data-dir")
      }
    }
  }
}
