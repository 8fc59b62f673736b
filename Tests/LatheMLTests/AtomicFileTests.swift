import DataTestSupport
import Foundation
import LatheML
import Testing

@Suite("Atomic files")
struct AtomicFileTests {
  @Test("A file is replaced whole and nothing else stays")
  func replaces() throws {
    let folder = try TemporaryFolder()
    try AtomicFile.write("old", to: folder.file("a"))
    try AtomicFile.write([[1, 2], [], [3]], to: folder.file("a"))
    #expect(try folder.read("a") == [1, 2, 3])
    #expect(folder.names == ["a"])
  }

  @Test("Where nothing can be written the message says so")
  func unwritable() throws {
    let folder = try TemporaryFolder()
    try AtomicFile.write("x", to: folder.file("a"))
    #expect {
      try AtomicFile.write("y", to: folder.file("a/b"))
    } throws: {
      says($0, "a/b: cannot write", "not a directory")
    }
    #expect {
      try AtomicFile.makeFolder(folder.file("a/b"))
    } throws: {
      says($0, "a/b: cannot make the folder")
    }
    #expect(throws: LatheError.self) { try AtomicFile.checkWritable(folder: "/proc") }
  }
}
