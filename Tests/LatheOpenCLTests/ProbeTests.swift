#if OpenCL
  import LatheCore
  import LatheOpenCL
  import Testing

  /// What `lathe probe` tries.
  @Suite(.serialized) struct ProbeTests {
    private func findings(_ part: ProbePart, _ device: TestDevice) throws -> [String: ProbeFinding] {
      var found: [String: ProbeFinding] = [:]
      try device.backend.probe(part) { found[$0.name] = $0 }
      return found
    }

    @Test(arguments: devices) func limits(_ device: TestDevice) throws {
      let info = device.backend.info
      let limits = try findings(.limits, device)
      #expect(limits["NAME"]?.value == info.name)
      #expect(limits["MAX_COMPUTE_UNITS"]?.value == "\(info.computeUnits)")
      #expect(limits["MAX_WORK_GROUP_SIZE"].flatMap { Int($0.value) } ?? 0 > 0)
      #expect(limits["MAX_WORK_ITEM_SIZES"]?.value.split(separator: "x").count == 3)
      #expect(limits["AVAILABLE"]?.value == "yes")
      let fp64 = try findings(.extensions, device)["cl_khr_fp64"] != nil
      #expect(fp64 == info.float64)
    }

    @Test(arguments: devices) func arithmetic(_ device: TestDevice) throws {
      let found = try findings(.arithmetic, device)
      #expect(found.count >= 4)
      let double = found.first { $0.key.hasPrefix("float64") }?.value
      if device.backend.info.float64 { #expect(double?.state == .works, "\(double?.value ?? "")") }
      // A kernel that does not build is a finding with its reason in one line.
      for finding in found.values where finding.state == .fails {
        #expect(!finding.value.isEmpty && !finding.value.contains("\n"))
      }
    }

    @Test(arguments: devices) func nothingOfNVIDIAElsewhere(_ device: TestDevice) throws {
      guard try !findings(.limits, device).keys.contains("WARP_SIZE_NV") else { return }
      for part in [ProbePart.ptx, .tensorCores] {
        let found = try findings(part, device)
        #expect(!found.isEmpty && found.values.allSatisfy { $0.state == .notApplicable })
      }
    }

    /// The registers of mma.sync, read back lane by lane as the PTX manual places them.
    @Test(arguments: MatrixFragment.Element.allCases) func fragments(_ element: MatrixFragment.Element) {
      let fragment = MatrixFragment(element)
      let (a, b, sums) = (fragment.aRegisters, fragment.bRegisters, fragment.sums)
      #expect(a.count == 128 && b.count == 64 && sums.count == 128)
      let run = element.run
      func word(_ registers: [UInt32], _ lane: Int, _ index: Int, of count: Int, _ k: Int) -> UInt32 {
        let word = registers[lane * count + index]
        return run == 1 ? word : word >> UInt32(16 * (k % 2)) & 0xFFFF
      }
      for row in 0..<16 {
        for column in 0..<8 {
          var sum = 0
          for k in 0..<element.depth {
            let place = k / run % 4
            let half = k / (element.depth / 2)
            let x = word(a, row % 8 * 4 + place, half * 2 + row / 8, of: 4, k)
            let y = word(b, column * 4 + place, half, of: 2, k)
            #expect(x == element.bits(fragment.a(row, k)) && y == element.bits(fragment.b(k, column)))
            sum += fragment.a(row, k) * fragment.b(k, column)
          }
          #expect(sums[(row % 8 * 4 + column / 2) * 4 + row / 8 * 2 + column % 2] == Float(sum))
        }
      }
    }
  }
#endif
