import DataTestSupport
import LatheCore
import Testing

/// The script of the GPU kit, with programs that only say how they were called.
@Suite struct GPUKitTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    let root = String(#filePath).split(separator: "/").dropLast(3).joined(separator: "/")
    try shell(
      """
      mkdir kit tmp
      cp "/$1/scripts/gpu-kit/gpu-kit" kit
      mkdir -p content/bin content/lib
      printf '#!/bin/sh\\necho "lathe $*"\\n' >content/bin/lathe
      printf '#!/bin/sh\\necho "check $*"\\neval "$STUB"\\n' >content/bin/operation-check
      chmod +x content/bin/*
      echo test | tee content/id >kit/id
      tar -C content -czf kit/kit.tar.gz .
      """, [root])
  }

  private func shell(_ text: String, _ words: [String] = []) throws {
    let run = try ChildProcess.run("sh", ["-euc", "cd \"$0\"\n\(text)", folder.path] + words, seconds: 60)
    try #require(run.ending == .exited(0), "\(String(decoding: run.errors, as: UTF8.self))")
  }

  /// Calls the kit; `stub` is what the operation suite does.
  private func kit(_ words: [String], stub: String = "", by command: [String] = []) throws -> (
    ending: ChildProcess.Ending, output: String, errors: String
  ) {
    let line = command + [folder.file("kit/gpu-kit")] + words
    let run = try ChildProcess.run(
      "env", line,
      variables: [
        "TMPDIR": folder.file("tmp"), "GPU_KIT_FOLDER": folder.file("programs"), "STUB": stub,
        "LATHE_BLAS": "none", "LATHE_OPENCL_LIBRARY": "none",
      ], seconds: 60)
    return (
      run.ending, String(decoding: run.output, as: UTF8.self), String(decoding: run.errors, as: UTF8.self)
    )
  }

  private func leavesNothing() throws -> Bool {
    let run = try ChildProcess.run("ls", [folder.file("tmp")], seconds: 60)
    return run.output.isEmpty && !folder.names.contains("report.tar.gz")
  }

  @Test func wordsArePassedOn() throws {
    let check = try kit(["check", "--device", "opencl:1"])
    #expect(check.ending == .exited(0), "\(check.errors)")
    #expect(check.output == "check --apart --device auto --profile all --device opencl:1\n")
    #expect(try kit(["bench", "--quick"]).output == "lathe bench --device opencl --quick\n")
    #expect(try kit(["lathe", "devices"]).output == "lathe devices\n")
    #expect(try kit(["check"], stub: "exit 3").ending == .exited(3))
    #expect(try kit(["dance"]).ending == .exited(2))
  }

  @Test func aReportHoldsEveryStep() throws {
    let report = folder.file("report.tar.gz")
    let run = try kit(["report", "--device", "opencl:0", "--output", report], stub: "exit 1")
    #expect(run.ending == .exited(0), "\(run.errors)")
    try shell("tar -xzf report.tar.gz && cat lathe-gpu-report/*.txt >all")
    let text = String(decoding: try folder.read("all"), as: UTF8.self)
    for part in [
      "check --apart --device opencl:0", "check --large", "lathe probe --device opencl:0", "lathe bench",
      "lathe tune",
      "lathe devices", "exit code 1",
    ] {
      #expect(text.contains(part), "\(part): \(text)")
    }
  }

  @Test(arguments: [(2, "no device"), (3, "no OpenCL GPU")])
  func withoutADeviceThereIsNoReport(code: Int32, message: String) throws {
    let run = try kit(
      ["report", "--output", folder.file("report.tar.gz")], stub: "echo \(message) >&2; exit \(code)")
    #expect(run.ending == .exited(code) && run.errors.contains(message), "\(run.errors)")
    #expect(try leavesNothing())
  }

  @Test func controlCLeavesNothing() throws {
    let run = try kit(
      ["report", "--output", folder.file("report.tar.gz")], stub: "exec sleep 20",
      by: ["timeout", "-s", "INT", "2"])
    #expect(run.errors.contains("stopped: there is no report"), "\(run.ending) \(run.errors)")
    #expect(try leavesNothing())
  }

  @Test(.enabled(if: (try? ChildProcess.run("test", ["-c", "/dev/full"]))?.ending == .exited(0)))
  func whatDoesNotFitIsKept() throws {
    let run = try kit(["report", "--output", "/dev/full"])
    #expect(run.ending == .exited(2), "\(run.errors)")
    #expect(run.errors.contains("/dev/full cannot be written whole: what belongs"), "\(run.errors)")
    #expect(try !leavesNothing())
  }

  @Test func aFolderThatDoesNotAllowExecutionIsNamed() throws {
    try shell("chmod -x content/bin/lathe && tar -C content -czf kit/kit.tar.gz .")
    let run = try kit(["probe"])
    #expect(run.ending == .exited(2), "\(run.errors)")
    #expect(run.errors.contains("\(folder.file("programs")) does not allow programs to run"), "\(run.errors)")
  }

  @Test func whatDoesNotUnpackIsRemoved() throws {
    try folder.write(Array("no archive".utf8), "kit/kit.tar.gz")
    let run = try kit(["probe"])
    #expect(run.ending == .exited(2) && run.errors.contains("cannot unpack into"), "\(run.errors)")
    #expect(!folder.names.contains { $0.hasPrefix("programs") }, "\(folder.names)")
  }
}
