#if OpenCL
  import LatheOpenCL
  import Testing

  #if canImport(Glibc)
    import Glibc
  #endif

  /// What is said to whom no OpenCL GPU is found.
  @Suite struct GPUAdviceTests {
    /// A folder that stands for `/`, with files of certain content.
    private func root(_ files: [String: String]) throws -> String {
      var template = Array("/tmp/lathe-root-XXXXXX".utf8CString)
      try #require(mkdtemp(&template) != nil)
      let root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
      for (path, text) in files {
        var folder = root
        for part in path.split(separator: "/").dropLast() {
          folder += "/" + part
          mkdir(folder, 0o755)
        }
        let file = try #require(fopen("\(root)/\(path)", "w"))
        fputs(text, file)
        fclose(file)
      }
      return root
    }

    private func advice(_ files: [String: String], drivers: [String] = [], rusticl: String? = nil) throws -> (
      text: String, sees: Bool
    ) {
      let advice = GPUAdvice(root: try root(files), drivers: drivers, rusticl: rusticl)
      return (advice.lines.joined(separator: "\n"), advice.seesGPU)
    }

    private func card(_ vendor: String, kind: String = "0x030000") -> [String: String] {
      ["sys/bus/pci/devices/a/class": kind + "\n", "sys/bus/pci/devices/a/vendor": vendor + "\n"]
    }

    @Test func nothing() throws {
      let found = try advice(["sys/bus/pci/devices/a/class": "0x020000\n"])
      #expect(!found.sees)
      #expect(found.text.contains("no graphics processor") && found.text.contains("no .icd file"))
    }

    @Test func nvidia() throws {
      let bare = try advice(card("0x10de"))
      #expect(bare.sees && bare.text.contains("/dev/nvidiactl") && bare.text.contains("nvidia-opencl-icd"))
      let files = card("0x10de").merging(["dev/nvidiactl": ""]) { $1 }
      let loaded = try advice(files, drivers: ["libnvidia-opencl.so.1"])
      #expect(!loaded.text.contains("nvidia"), "\(loaded.text)")
    }

    @Test func amdAndIntel() throws {
      let accelerator = try advice(card("0x1002", kind: "0x120000"))
      #expect(accelerator.sees && accelerator.text.contains("RUSTICL_ENABLE=radeonsi"))
      let arc = try advice(card("0x8086"), drivers: ["/usr/lib/intel-opencl/libigdrcl.so"])
      #expect(arc.sees && !arc.text.contains("names an OpenCL driver"), "\(arc.text)")
    }

    @Test func rusticl() throws {
      let silent = try advice(card("0x1002"), drivers: ["libRusticlOpenCL.so.1"])
      #expect(silent.text.contains("has no device until it is told"), "\(silent.text)")
      let told = try advice(card("0x1002"), drivers: ["libRusticlOpenCL.so.1"], rusticl: "radeonsi")
      #expect(!told.text.contains("until it is told"), "\(told.text)")
    }

    @Test func closedFilesAndWindows() throws {
      let files = card("0x1002").merging(["dev/dri/renderD128": ""]) { $1 }
      let place = try root(files)
      chmod(place + "/dev/dri/renderD128", 0)
      // Nothing is closed to root.
      if geteuid() != 0 {
        let text = GPUAdvice(root: place, drivers: []).lines.joined(separator: "\n")
        #expect(text.contains("/dev/dri/renderD128 cannot be opened by this user: usermod -aG render"))
      }
      let windows = try advice(["dev/dxg": ""])
      #expect(windows.sees && windows.text.contains("WSL2"))
    }
  }
#endif
