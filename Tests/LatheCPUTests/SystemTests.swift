import Foundation
import LatheCPU
import LatheCore
import Testing

/// What the system gives or refuses: variables, threads, other programs.
@Suite struct SystemTests {
  @Test(arguments: [
    ("LATHE_THREADS", ["1", "4", "1024"], ["0", "-1", "abc", "1.5", "1025", " 4"]),
    ("LATHE_MEMORY_LIMIT", ["1", "512M", "2G"], ["0", "-1", "abc", "1T", "M"]),
    ("LATHE_MEMORY_POOL", ["on", "off"], ["of", "1"]),
    ("LATHE_FLOAT64", ["on", "off"], ["0", "no"]),
    ("LATHE_KERNEL_PROFILE", ["cpu", "gpu"], ["tpu", "CPU"]),
    ("LATHE_SIMD", ["avx512", "avx2", "sse2", "neon"], ["AVX2", ""]),
    ("LATHE_UNOPTIMIZED_PROFILE", ["cpu", "gpu"], ["tpu"]),
  ])
  func variables(_ name: String, _ good: [String], _ bad: [String]) {
    for value in good { #expect(EnvironmentRules.problem { $0 == name ? value : nil } == nil, "\(value)") }
    for value in bad {
      let problem = EnvironmentRules.problem { $0 == name ? value : nil }
      #expect(
        problem?.kind == .invalidArgument
          && problem?.message.hasPrefix("\(name) is \"\(value)\"; it can be ") == true)
    }
  }

  @Test func aProgramThatUsesTheLibraryGetsTheErrorToo() async {
    await #expect(processExitsWith: .success) {
      setenv("LATHE_THREADS", "none", 1)
      let error = #expect(throws: LatheError.self) { try CPUBackend.shared.allocate(byteCount: 4) }
      #expect(error?.message.hasPrefix("LATHE_THREADS is \"none\"") == true)
    }
  }

  @Test func kernelsFollowTheLevelThatIsAskedFor() async {
    #expect(SIMDLevel.choices.contains(SIMDLevel.current))
    await #expect(processExitsWith: .success) {
      let narrowest = try #require(SIMDLevel.choices.first)
      setenv("LATHE_SIMD", narrowest, 1)
      #expect(SIMDLevel.current == narrowest)
      #expect(throws: Never.self) { try CPUBackend.shared.allocate(byteCount: 4) }
    }
    await #expect(processExitsWith: .success) {
      let absent = SIMDLevel.choices.contains("neon") ? "avx2" : "neon"
      setenv("LATHE_SIMD", absent, 1)
      let error = #expect(throws: LatheError.self) { try CPUBackend.shared.allocate(byteCount: 4) }
      #expect(error?.message.hasPrefix("LATHE_SIMD is \"\(absent)\"; it can be ") == true)
    }
  }

  @Test func aThreadThatCannotStartIsSaid() async {
    await #expect(processExitsWith: .success) {
      // Room for this process as it is, not for the stack of another thread.
      guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
        let pages = text.split(separator: " ").first.flatMap({ rlim_t($0) })
      else { exit(1) }
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
      limit.rlim_cur = (pages + 512) * 4096
      setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
      #expect(!startThread(named: "none") {})
    }
  }

  @Test func nestingOfJSON() {
    let limit = JSONNesting.limit
    func text(_ depth: Int) -> [UInt8] { Array(String(repeating: "[{\"a\":", count: depth / 2).utf8) }
    #expect(JSONNesting.isShallow(text(limit)) && !JSONNesting.isShallow(text(limit + 2)))
    #expect(JSONNesting.isShallow(Array("[\"\(String(repeating: "[", count: 600))\\\"[[\", 1]".utf8)))
    #expect(JSONNesting.isShallow(Array(String(repeating: "[]", count: 600).utf8)))
    let error = #expect(throws: LatheError.self) { try JSONNesting.check(text(limit + 2), "a.json") }
    #expect(error?.kind == .format && error?.message.hasPrefix("a.json: ") == true)
  }

  @Test func otherPrograms() throws {
    func run(_ script: String, seconds: Double? = nil) throws -> ChildProcess {
      try ChildProcess.run("sh", ["-c", script], variables: ["LATHE_X": "a=b"], seconds: seconds)
    }
    let both = try run("echo \"$LATHE_X\"; cat; echo no >&2; exit 3")
    #expect(
      both.ending == .exited(3) && both.output == Array("a=b\n".utf8) && both.errors == Array("no\n".utf8))
    // More than a pipe holds, to both.
    let much = try run("head -c 300000 /dev/zero >&2; head -c 300000 /dev/zero")
    #expect(much.ending == .exited(0) && much.output.count == 300_000 && much.errors.count == 300_000)
    #expect(try run("kill -9 $$").ending == .signal(9))
    #expect(try run("exec sleep 20", seconds: 0.1).ending == .late)
    var received: [UInt8] = []
    let talking = try ChildProcess.run(
      "sh", ["-c", "echo a; sleep 0.2; echo b; sleep 0.2; echo c; exec sleep 20"], silence: 0.5,
      receive: { received += $0 })
    #expect(talking.ending == .late && talking.output.isEmpty && received == Array("a\nb\nc\n".utf8))
    let error = #expect(throws: LatheError.self) { try ChildProcess.run("/nonexistent/program", []) }
    #expect(error?.message == "/nonexistent/program: cannot start the program: no such file or directory")
  }
}
