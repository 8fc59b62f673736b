#if OpenCL
  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #endif
  import LatheCore
  import Synchronization

  /// The programs that a run asked for, in order, kept beside compiled programs for the next run of the same executable on
  /// the same device, which builds them ahead on threads of its own.
  ///
  /// What is damaged, of another Lathe or no longer asked for costs nothing but the building of what nobody needs: such a
  /// list is gone after one run.
  package struct BuildList: Equatable, Sendable {
    /// A program: its text or the file that has it, and its definitions.
    package struct Entry: Hashable, Sendable {
      package let source: KernelSource
      package let options: KernelOptions

      package init(source: KernelSource, options: KernelOptions) {
        self.source = source
        self.options = options
      }
    }

    package private(set) var entries: [Entry] = []
    private var size = 0

    private static let magic = "lathe-builds-1"
    /// The most programs, and the most bytes of all together.
    package static let (mostEntries, mostBytes) = (1024, 8 << 20)

    package init() {}

    /// Adds a program where there is room; a text that a program brought along is not Lathe's to keep.
    package mutating func add(_ entry: Entry) {
      guard !entry.source.isCustom else { return }
      let bytes = BuildList.bytes(of: entry).count
      guard entries.count < BuildList.mostEntries, size + bytes <= BuildList.mostBytes else { return }
      entries.append(entry)
      size += bytes
    }

    /// The list as it is kept.
    package var bytes: [UInt8] { BuildList.bytes(of: BuildList.magic) + entries.flatMap(BuildList.bytes) }

    /// A list as it was kept; nil where it is none.
    package init?(_ bytes: [UInt8]) {
      guard bytes.count <= BuildList.mostBytes + 64 else { return nil }
      var reader = Reader(rest: bytes[...])
      guard reader.text() == BuildList.magic else { return nil }
      while !reader.rest.isEmpty {
        guard let entry = reader.entry() else { return nil }
        add(entry)
      }
    }

    /// Each text stands behind its length.
    private static func bytes(of text: String) -> [UInt8] {
      Array("\(text.utf8.count)\n".utf8) + Array(text.utf8)
    }

    private static func bytes(of entry: Entry) -> [UInt8] {
      let source: [String] =
        switch entry.source {
        case .file(let name): ["file", name]
        case .generated(let name, let text), .custom(let name, let text): ["generated", name, text]
        }
      let options = zip(entry.options.names, entry.options.values).flatMap { name, value in
        switch value {
        case .int(let number): [name, "int", "\(number)"]
        case .string(let text): [name, "string", text]
        }
      }
      return (source + ["\(entry.options.names.count)"] + options).flatMap(bytes)
    }

    private struct Reader {
      var rest: ArraySlice<UInt8>

      mutating func text() -> String? {
        guard let end = rest.firstIndex(of: UInt8(ascii: "\n")),
          let length = Int(String(decoding: rest[..<end], as: UTF8.self)), length >= 0,
          length < rest.endIndex - end
        else { return nil }
        let text = rest[(end + 1)...].prefix(length)
        rest = rest[(end + 1 + length)...]
        return String(decoding: text, as: UTF8.self)
      }

      mutating func entry() -> Entry? {
        guard let kind = text(), let name = text() else { return nil }
        var source = KernelSource.file(name)
        switch kind {
        case "file": break
        case "generated":
          guard let text = text() else { return nil }
          source = .generated(name: name, text: text)
        default: return nil
        }
        guard let count = text().flatMap({ Int($0) }), count >= 0, count < 256 else { return nil }
        var options: KernelOptions = [:]
        for _ in 0..<count {
          guard let name = text(), let type = text(), let value = text() else { return nil }
          switch (type, Int(value)) {
          case ("int", let number?): options[name] = .int(number)
          case ("string", _): options[name] = .string(value)
          default: return nil
          }
        }
        return Entry(source: source, options: options)
      }
    }
  }

  /// What was asked for in this run, and what the last one left.
  final class BuildHistory: Sendable {
    private struct State {
      var asked = BuildList()
      var last = BuildList()
      /// The next program to build ahead.
      var next = 0
      var hasStarted = false
      var isStopped = false
    }

    private let state = Mutex(State())
    private let cache: BinaryCache
    private let key: String
    private static let mostThreads = 8

    /// - Parameters:
    ///   - cache: Where lists are kept; nothing is built ahead without a folder.
    ///   - key: Tells the device and its driver's platform from others.
    init(_ cache: BinaryCache, key: String) {
      self.cache = cache
      // What is done by one executable differs by what it is told to do first: `lathe train lenet`.
      let work = CommandLine.arguments.dropFirst().prefix(2).joined(separator: "\n")
      self.key = "build list\n\(ChildProcess.ownPath ?? "")\n\(work)\n\(key)"
    }

    /// Takes note of a program that is asked for the first time; at the first one threads begin to build what the last run
    /// asked for.
    ///
    /// - Parameter build: Builds a program unless it is there; its errors are those of whoever asks for it.
    func asks(for entry: BuildList.Entry, buildingAhead build: @escaping @Sendable (BuildList.Entry) -> Void)
    {
      let starts = state.withLock { state in
        state.asked.add(entry)
        defer { state.hasStarted = true }
        return !state.hasStarted && !state.isStopped
      }
      guard starts, let bytes = cache.load(key: key), let list = BuildList(bytes) else { return }
      state.withLock { $0.last = list }
      for number
        in 0..<max(
          1, min(BuildHistory.mostThreads, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))) / 2, list.entries.count))
      {
        _ = startThread(named: "build \(number)") { [self] in
          while let entry = takeNext() { build(entry) }
        }
      }
    }

    private func takeNext() -> BuildList.Entry? {
      state.withLock { state in
        guard !state.isStopped, state.next < state.last.entries.count else { return nil }
        defer { state.next += 1 }
        return state.last.entries[state.next]
      }
    }

    /// Ends what is built ahead, but for what is being built, and keeps the list of this run.
    func stop() {
      let asked: BuildList? = state.withLock { state in
        state.isStopped = true
        guard state.hasStarted, state.asked != state.last else { return nil }
        state.last = state.asked
        return state.asked
      }
      if let asked { cache.store(asked.bytes, key: key) }
    }
  }
#endif
