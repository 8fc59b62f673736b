import DataTestSupport
import Foundation
import LatheML
import Testing

@Suite("TensorBoard's event files")
struct EventFileTests {
  @Test("Checksums are Castagnoli's")
  func checksum() {
    #expect(CRC32C.checksum(Array("123456789".utf8)) == 0xE306_9283)
    #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(CRC32.checksum([Array("1234".utf8), Array("56789".utf8)]) == 0xCBF4_3926)
  }

  @Test("Every kind of value is framed, and two files of one second are two")
  func values() throws {
    let folder = try TemporaryFolder()
    let file = try EventFile(folder: folder.path)
    try file.scalars([("loss", 0.5), ("accuracy", 0.25)], step: 3)
    try file.histogram("weights", [0.1, -2, 3, .nan], step: 3)
    try file.histogram("nothing", [], step: 3)
    try file.image(
      "digit", pixels: [UInt8](repeating: 7, count: 12), width: 2, height: 2, channels: 3, step: 3)
    try file.text("note", "a *word*", step: 3)
    try file.hyperparameters([("lr", "0.1"), ("optimizer", "adam")], group: "one")
    #expect(try EventRecords.count(try folder.read(URL(fileURLWithPath: file.path).lastPathComponent)) == 7)
    let other = try EventFile(folder: folder.path)
    #expect(other.path != file.path && folder.names.count == 2)
  }

  @Test("A folder that cannot be written is an error")
  func unwritable() {
    #expect {
      _ = try EventFile(folder: "/proc/lathe")
    } throws: {
      says($0, "/proc/lathe")
    }
  }
}
