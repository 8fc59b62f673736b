import DataTestSupport
import Foundation
import LatheML
import TestSupport
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

  @Test("A link stays, and what it leads to is replaced; a device behind one is refused")
  func links() throws {
    let folder = try TemporaryFolder()
    try AtomicFile.makeFolder(folder.file("pages"))
    for (target, link) in [
      ("pages/page.html", "page"), ("page", "second"), ("pages/new.html", "dangling"), ("b", "a"), ("a", "b"),
      ("/dev/null", "null"),
    ] {
      #expect(symlink(target, folder.file(link)) == 0)
    }
    try AtomicFile.write("old", to: folder.file("pages/page.html"))
    try AtomicFile.write("new", to: folder.file("second"))
    try AtomicFile.write("made", to: folder.file("dangling"))
    #expect(try folder.read("pages/page.html") == Array("new".utf8))
    #expect(try folder.read("pages/new.html") == Array("made".utf8))
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.file("second")) == "page")
    #expect(throws: LatheError.self) { try AtomicFile.write("", to: folder.file("a")) }
    #expect(throws: LatheError.self) { try AtomicFile.write("", to: folder.file("null")) }
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.file("null")) == "/dev/null")
  }

  @Test("What a killed process left behind goes with the next writing, and nothing else does")
  func leftovers() async throws {
    let folder = try TemporaryFolder()
    let path = folder.file("scores.json")
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
      try AtomicFile.write(to: path) { _ in kill(getpid(), SIGKILL) }
    }
    #expect(folder.names.count == 1 && folder.names[0].hasPrefix("scores.json.tmp-"), "\(folder.names)")
    // Of another program that is still writing, of another file, a link, and names of a person's own.
    let locked = "scores.json.tmp-00000000000000aa"
    let others = ["other.json.tmp-0123456789abcdef", "scores.json.tmp-", "scores.json.tmp-old"]
    for name in others + [locked] { try folder.write([1], name) }
    let link = "scores.json.tmp-00000000000000bb"
    #expect(symlink("other.json.tmp-0123456789abcdef", folder.file(link)) == 0)
    let descriptor = open(folder.file(locked), O_WRONLY)
    #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
    try AtomicFile.write("{}", to: path)
    #expect(folder.names == (others + [locked, link, "scores.json"]).sorted())
    close(descriptor)
    try AtomicFile.write("{}", to: path)
    #expect(folder.names == (others + [link, "scores.json"]).sorted())
  }

  @Test("Threads that write to one path leave a whole file and none of their own")
  func together() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("a")
    let failures = onThreads(4) { thread in
      (0..<50).count { _ in
        (try? AtomicFile.write([[UInt8](repeating: UInt8(thread), count: 1000)], to: path)) == nil
      }
    }
    #expect(failures == [0, 0, 0, 0])
    let bytes = try folder.read("a")
    #expect(bytes.count == 1000 && Set(bytes).count == 1 && folder.names == ["a"])
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
