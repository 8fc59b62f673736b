#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Another program that was run to its end.
///
/// Foundation's `Process` ends the whole program where the system has no file descriptor or thread left for it.
package struct ChildProcess: Sendable {
  /// How a program ended.
  package enum Ending: Sendable, Equatable {
    case exited(Int32)
    case signal(Int32)
    /// It took longer than it was given, and was ended.
    case late
  }

  package var ending: Ending
  /// What it wrote to standard output, where nobody received that, and to standard error.
  package var output: [UInt8]
  package var errors: [UInt8]

  /// The path of this program.
  package static var ownPath: String? {
    var bytes = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    let count = readlink("/proc/self/exe", &bytes, Int(PATH_MAX))
    guard count > 0 else { return nil }
    return String(decoding: bytes[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Runs a program, found in `PATH` where its name holds no `/`, with nothing on standard input.
  ///
  /// - Parameters:
  ///   - variables: Variables of the environment that are other than this process's.
  ///   - seconds: How long it may take; nil for as long as it needs.
  ///   - silence: How long it may write nothing to standard output; nil for as long as it needs.
  ///   - isWanted: Asked twice a second and after output; no interrupts the program, and ends it ten seconds later.
  ///   - receive: Gets standard output as it comes; without it all is kept.
  /// - Throws: `LatheError.device` where the system cannot start it.
  package static func run(
    _ program: String, _ arguments: [String], variables: [String: String] = [:], seconds: Double? = nil,
    silence: Double? = nil, isWanted: (() -> Bool)? = nil, receive: ((ArraySlice<UInt8>) -> Void)? = nil
  ) throws -> ChildProcess {
    var pipes: [Int32] = []
    defer { for descriptor in pipes { close(descriptor) } }
    for _ in 0..<2 {
      var ends: [Int32] = [0, 0]
      guard pipe(&ends) == 0 else { throw failure(program, errno) }
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      pipes += ends
    }
    let child = try start(program, arguments, variables, output: pipes[1], errors: pipes[3])
    for end in [1, 3] { close(pipes[end]) }
    let readers = [pipes[0], pipes[2]]
    pipes = readers
    var texts: [[UInt8]] = [[], []]
    let end = seconds.map { now() + $0 } ?? .infinity
    var quietEnd = silence.map { now() + $0 } ?? .infinity
    var interrupted: Double?
    let tick = isWanted.map { isWanted in
      {
        if let asked = interrupted {
          if now() > asked + 10 { kill(child, SIGKILL) }
        } else if !isWanted() {
          kill(child, SIGINT)
          interrupted = now()
        }
      }
    }
    let isLate = !collect(readers, until: { min(end, quietEnd) }, tick: tick) { reader, bytes in
      if reader == 0, let silence { quietEnd = now() + silence }
      if reader == 0, let receive { receive(bytes) } else { texts[reader].append(contentsOf: bytes) }
    }
    if isLate { kill(child, SIGKILL) }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 && errno == EINTR {}
    let signal = status & 0x7F
    let ending: Ending = isLate ? .late : signal != 0 ? .signal(signal) : .exited(status >> 8 & 0xFF)
    return ChildProcess(ending: ending, output: texts[0], errors: texts[1])
  }

  private static func start(
    _ program: String, _ arguments: [String], _ variables: [String: String], output: Int32, errors: Int32
  ) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO)
    var environment: [String] = variables.map { "\($0)=\($1)" }
    var entry = environ
    while let text = entry.pointee {
      let text = String(cString: text)
      if variables[String(text.prefix { $0 != "=" })] == nil { environment.append(text) }
      entry += 1
    }
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    var settings = environment.map { strdup($0) } + [nil]
    defer { for text in words + settings { free(text) } }
    var child: pid_t = 0
    let status = posix_spawnp(&child, program, &actions, nil, &words, &settings)
    guard status == 0 else { throw failure(program, status) }
    return child
  }

  /// Reads both to their ends; false where the time was up before.
  ///
  /// Beside each other: who writes much to either would else fill its pipe and wait for ever.
  private static func collect(
    _ readers: [Int32], until end: () -> Double, tick: (() -> Void)?,
    receive: (Int, ArraySlice<UInt8>) -> Void
  ) -> Bool {
    var open = readers.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while open.contains(where: { $0.fd >= 0 }) {
      let left = end() - now()
      let wait = tick == nil ? left : min(left, 0.5)
      let ready = poll(
        &open, nfds_t(open.count), wait == .infinity ? -1 : Int32(max(0, min(wait * 1000, 1e9)).rounded(.up)))
      if ready < 0 && errno == EINTR { continue }
      tick?()
      if ready == 0 && wait < left { continue }
      if ready <= 0 { return false }
      for index in open.indices where open[index].fd >= 0 && open[index].revents != 0 {
        let count = read(open[index].fd, &chunk, chunk.count)
        if count < 0 && errno == EINTR { continue }
        if count > 0 { receive(index, chunk[..<count]) } else { open[index].fd = -1 }
      }
    }
    return true
  }

  private static func now() -> Double { Double(Trace.now) * 1e-9 }

  private static func failure(_ program: String, _ code: Int32) -> LatheError {
    LatheError(
      .device, "\(program): cannot start the program: \(String(cString: strerror(code)).lowercased())")
  }
}
