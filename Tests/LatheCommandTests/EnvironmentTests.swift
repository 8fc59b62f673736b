import DataTestSupport
import Foundation
import LatheML
import Testing

extension CommandTests {
  /// What surrounds the program: variables, folders, limits.
  @Suite("Environment")
  struct EnvironmentTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func train(limits: String, device: String = "cpu") throws -> Lathe {
      try folder.write(
        Array(("a,b,label\n" + (0..<40).map { "\($0 % 7),\($0 % 5),\($0 % 2)\n" }.joined()).utf8), "rows.csv")
      let running = try Lathe.start(
        program: "/bin/sh",
        [
          "-c",
          "\(limits); exec \"$0\" train mlp --data-file rows.csv --batch-size 8 --epochs 1 --device \(device)",
          Lathe.binary.path,
        ],
        in: folder.path)
      return try running.wait()
    }

    @Test(
      "A variable with an impossible value ends a command with one line",
      arguments: [
        ("LATHE_THREADS", "0"), ("LATHE_THREADS", "-1"), ("LATHE_THREADS", "abc"), ("LATHE_THREADS", "1025"),
        ("LATHE_MEMORY_LIMIT", "abc"), ("LATHE_MEMORY_POOL", "of"), ("LATHE_DRIVER_TRIAL", "no"),
        ("LATHE_KERNEL_PROFILE", "tpu"), ("LATHE_SIMD", "avx1024"), ("LATHE_SIMD", "neon"),
        ("LATHE_UNOPTIMIZED_PROFILE", "tpu"), ("LATHE_BLAS", "/dev/null"), ("LATHE_BLAS", "no\nsuch"),
      ])
    func variables(_ name: String, _ value: String) throws {
      let result = try Lathe.run("bench", "--device", "cpu", in: folder.path, environment: [name: value])
      #expect(result.status == 2, "\(result.status)")
      #expect(result.errors.contains("\(name) is \(value.debugDescription); it can be"), "\(result.errors)")
      #expect(result.output.isEmpty)
      let devices = try Lathe.run("devices", in: folder.path, environment: [name: value])
      #expect(devices.errors.contains("cpu: cannot be used: \(name) is"), "\(devices.errors)")
    }

    @Test("Few file descriptors, threads or little memory end a run with one line, or not at all")
    func limits() throws {
      // The program alone takes 100 MB of addresses: where next to nothing is left, the language's runtime aborts.
      for limits in ["ulimit -n 9", "ulimit -n 11", "ulimit -n 16", "ulimit -v 140000", "ulimit -v 120000"] {
        let result = try train(limits: limits)
        #expect(result.status == 0 || result.status == 1, "\(limits): \(result.status) \(result.errors)")
        let complaints = result.errors.split(separator: "\n").filter { $0.contains("error: ") }
        #expect(complaints.count == (result.status == 0 ? 0 : 1), "\(limits): \(result.errors)")
        try? FileManager.default.removeItem(atPath: folder.path + "/runs")
      }
    }

    @Test("PoCL gets a folder where its own cannot be written", .enabled(if: Device.all.count > 1))
    func cacheFolders() throws {
      let nowhere = [
        "XDG_CACHE_HOME": "/dev/null/x", "HOME": "/dev/null/x", "TMPDIR": folder.path, "POCL_CACHE_DIR": "",
      ]
      let result = try Lathe.run("devices", in: folder.path, environment: nowhere)
      #expect(result.status == 0 && result.output.contains("opencl:0"), "\(result.errors)")
      #expect(FileManager.default.fileExists(atPath: folder.path + "/lathe-pocl-\(geteuid())"))
    }

    @Test("Drivers that do not load are named with the reason", .enabled(if: Device.all.count > 1))
    func drivers() throws {
      try FileManager.default.createDirectory(
        atPath: folder.path + "/vendors", withIntermediateDirectories: true)
      try folder.write(Array("/nonexistent/libdriver.so\n".utf8), "vendors/broken.icd")
      try folder.write(Array("\n".utf8), "vendors/empty.icd")
      let result = try Lathe.run(
        "devices", in: folder.path, environment: ["OCL_ICD_VENDORS": folder.path + "/vendors"])
      #expect(result.status == 0)
      for word in ["vendors/broken.icd: /nonexistent/libdriver.so: ", "vendors/empty.icd: names no library"] {
        #expect(result.errors.contains(word), "\(result.errors)")
      }
    }

    /// Compiles a library with one function of C; nil where there is no C compiler.
    private func library(_ function: String, options: [String] = []) throws -> String? {
      try folder.write(Array("#include <errno.h>\n#include <stdlib.h>\n\(function)\n".utf8), "library.c")
      let compiled = try? Lathe.start(
        program: "/usr/bin/env", ["cc", "-shared", "-fPIC", "-o", "liblibrary.so", "library.c"] + options,
        in: folder.path
      ).wait()
      return compiled?.status == 0 ? folder.path + "/liblibrary.so" : nil
    }

    /// An OpenCL loader of which one function ends the process.
    private func loader(where function: String, ends: String) throws -> String? {
      try library(
        "int \(function)(void) { \(ends); return 0; }", options: ["-Wl,--no-as-needed", "-l:libOpenCL.so.1"])
    }

    @Test("A folder on a file system without locks is used, and a line says so")
    func noLocks() throws {
      guard let library = try library("int flock(int file, int how) { errno = ENOLCK; return -1; }") else {
        return
      }
      let result = try train(limits: "export LD_PRELOAD='\(library)'")
      #expect(result.status == 0)
      #expect(result.errors.contains("mlp-1: cannot be locked (No locks available)"), "\(result.errors)")
    }

    @Test(
      "A driver that ends the process is listed with its signal, and others are used",
      .enabled(if: Device.all.count > 1),
      arguments: [("clBuildProgram", "abort()", 6), ("clEnqueueNDRangeKernel", "*(volatile int *)8 = 1", 11)])
    func endingDrivers(_ function: String, _ ends: String, _ signal: Int) throws {
      guard let library = try loader(where: function, ends: ends) else { return }
      let environment = ["LATHE_OPENCL_LIBRARY": library, "LATHE_CACHE_DIR": folder.path + "/cache"]
      // The second time what was found out is kept.
      for _ in 0..<2 {
        let result = try Lathe.run("devices", in: folder.path, environment: environment)
        #expect(result.status == 0)
        #expect(result.errors.contains("its driver ends the process (signal \(signal))"), "\(result.errors)")
      }
      let used = try Lathe.run("bench", "--device", "opencl", in: folder.path, environment: environment)
      #expect(
        used.status == 2 && used.errors.contains("every OpenCL device failed to open"), "\(used.errors)")
    }

    @Test(
      "A driver that ends the process that lists its devices is not used", .enabled(if: Device.all.count > 1))
    func endingLists() throws {
      guard let library = try loader(where: "clGetDeviceIDs", ends: "exit(3)") else { return }
      let result = try Lathe.run(
        "devices", in: folder.path,
        environment: ["LATHE_OPENCL_LIBRARY": library, "LATHE_CACHE_DIR": folder.path + "/cache"])
      #expect(result.status == 0)
      #expect(
        result.errors.contains("no OpenCL device: a driver ends the process that lists its devices"),
        "\(result.errors)")
    }

    @Test("A pipe in place of the tuned rows is not waited for", .enabled(if: Device.all.count > 1))
    func pipes() throws {
      mkfifo(folder.path + "/tuning.json", 0o600)
      let result = try Lathe.run("devices", in: folder.path, environment: ["LATHE_CACHE_DIR": folder.path])
      #expect(
        result.status == 0 && result.errors.contains("tuning.json: cannot be read as a file"),
        "\(result.errors)")
    }
  }
}
