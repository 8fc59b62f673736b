#if OpenCL
  import LatheCore
  import LatheOpenCL
  import Testing

  /// The trial that decides whether matrix units are used, on forms that are emulated.
  @Suite struct MatrixUnitsTests {
    @Test(arguments: devices.filter { $0.backend.profile == .gpu })
    func trialsFindWhatIsRight(_ device: TestDevice) throws {
      #expect(try device.backend.emulationAgrees("emulated-nvidia", .bfloat16))
      #expect(try device.backend.emulationAgrees("emulated-nvidia", .float32))
      #expect(try device.backend.emulationAgrees("emulated-wgmma", .bfloat16))
    }

    @Test(arguments: devices.filter { $0.backend.profile == .gpu })
    func trialsFindWhatIsWrong(_ device: TestDevice) throws {
      // Groups of the grid that is launched leave out every other row of tiles.
      #expect(try !device.backend.emulationAgrees("emulated-mfma", .float16, ["TILE_M": 32]))
    }

    @Test func verdictsSurviveAFile() {
      for verdict in [
        MatrixVerdict.agrees(units: 1.25e-4, plain: 1e-3), .differs,
        .fails("it does not build: no such thing"),
      ] {
        #expect(MatrixVerdict(line: verdict.line) == verdict)
      }
      for line in ["", "agrees", "agrees 1", "agrees x 2", "agrees -1 2", "agrees 1 0", "something else"] {
        #expect(MatrixVerdict(line: line) == nil)
      }
    }

    @Test func onlyFasterUnitsServe() {
      #expect(MatrixVerdict.agrees(units: 1, plain: 2).serves)
      for verdict in [MatrixVerdict.agrees(units: 2, plain: 1), .differs, .fails("no")] {
        #expect(!verdict.serves)
        #expect(verdict.text().hasPrefix("not used"))
      }
    }
  }
#endif
