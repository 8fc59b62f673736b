#if OpenCL
  import LatheOpenCL
  import Testing

  #if canImport(Glibc)
    import Glibc
  #endif

  /// The programs kept on disk.
  @Suite struct BinaryCacheTests {
    private func temporaryFolder() throws -> String {
      var template = Array("/tmp/lathe-cache-XXXXXX".utf8CString)
      try #require(mkdtemp(&template) != nil)
      return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    @Test func keepsAndChecks() throws {
      let folder = try temporaryFolder()
      let cache = BinaryCache(folder: folder + "/inner/one")
      let binary = (0..<1000).map { UInt8($0 % 251) }
      #expect(cache.load(key: "a") == nil)
      cache.store(binary, key: "a")
      #expect(cache.load(key: "a") == binary)
      #expect(cache.load(key: "b") == nil)

      // One changed byte, a file cut short and an empty one are not taken for a program.
      let path = try #require(cache.path("a"))
      let whole = try #require(file(path))
      for damaged in [
        whole.dropLast(40) + [whole[whole.count - 40] ^ 1] + whole.suffix(39), whole.dropLast(7), [],
      ] {
        try #require(write(Array(damaged), to: path))
        #expect(cache.load(key: "a") == nil)
      }
      cache.store(binary, key: "a")
      #expect(cache.load(key: "a") == binary)
    }

    @Test func worksWithoutFolder() {
      let nowhere = BinaryCache(folder: nil)
      nowhere.store([1], key: "a")
      #expect(nowhere.load(key: "a") == nil)
      let forbidden = BinaryCache(folder: "/proc/lathe")
      forbidden.store([1], key: "a")
      #expect(forbidden.load(key: "a") == nil)
    }

    private func file(_ path: String) -> [UInt8]? {
      guard let stream = fopen(path, "r") else { return nil }
      defer { fclose(stream) }
      var bytes = [UInt8](repeating: 0, count: 1 << 16)
      let count = fread(&bytes, 1, bytes.count, stream)
      return Array(bytes.prefix(count))
    }

    private func write(_ bytes: [UInt8], to path: String) -> Bool {
      guard let stream = fopen(path, "w") else { return false }
      defer { fclose(stream) }
      return fwrite(bytes, 1, bytes.count, stream) == bytes.count
    }
  }
#endif
