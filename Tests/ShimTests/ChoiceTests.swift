#if OpenCL
  import Lathe
  import Testing

  /// The choice among devices by what is known of them.
  @Suite(.serialized, .enabled(if: hasOpenCL)) struct ChoiceTests {
    @Test func aGPUWithMemoryOfItsOwnComesFirst() async {
      await #expect(processExitsWith: .success) {
        Shim.use("devices=integrated,discrete")
        #expect(Device.best.name == "opencl:1")
        let named = try Device.named("opencl")
        #expect(named.name == "opencl:1")
        let chosen = try Device.named("auto")
        #expect(chosen.name == "opencl:1")
        // The other one stays as it is.
        #expect(Shim.count("contexts") == 1)
        let other = try Device.named("opencl:0")
        #expect(other.info.name == "Shim integrated GPU")
        #expect(Shim.count("contexts") == 2)
      }
    }

    @Test func anyGPUComesBeforeACPU() async {
      await #expect(processExitsWith: .success) {
        Shim.use("devices=cpu,integrated")
        #expect(Device.best.name == "opencl:1")
        let named = try Device.named("opencl")
        #expect(named.name == "opencl:1")
      }
    }

    @Test func aCPUOfOpenCLIsOnlyTakenByName() async {
      await #expect(processExitsWith: .success) {
        Shim.use("devices=cpu")
        #expect(Device.best == .cpu && Shim.count("contexts") == 0)
        let named = try Device.named("opencl")
        #expect(named.name == "opencl:0")
      }
    }
  }
#endif
