#if OpenCL
  /// The work-items of a launch, in parts that every device takes.
  ///
  /// Drivers take 65,535 groups along y and z (NVIDIA's) and fewer than 2^31 or 2^32 work-items along x. A launch of more is
  /// several, told apart by a global offset; see `LATHE_PARTS` in common.clh.
  package struct LaunchGrid: Equatable {
    /// What a device takes in one launch.
    package struct Limits: Sendable {
      /// Work-items along x.
      package var items: Int
      /// Work-groups along y and along z.
      package var groups: Int

      package init(items: Int, groups: Int) {
        self.items = items
        self.groups = groups
      }

      /// What every GPU's driver takes.
      package static let ofGPUs = Limits(items: Int(Int32.max), groups: 65_535)
      /// For runtimes of CPUs, which take any size.
      package static let none = Limits(items: .max, groups: .max)
    }

    /// A launch of its own.
    package struct Part: Equatable {
      package var offset: SIMD3<Int>
      package var size: SIMD3<Int>
    }

    package let parts: [Part]
    /// 1 to 3: as many axes as are used.
    package let dimensions: Int

    /// Rounds the sizes up to whole groups and divides them where they are beyond the limits.
    package init(global: (Int, Int, Int), local: (Int, Int, Int), limits: Limits) {
      let sizes = SIMD3(
        roundedUp(global.0, to: local.0), roundedUp(global.1, to: local.1), roundedUp(global.2, to: local.2))
      dimensions = sizes.z > 1 ? 3 : sizes.y > 1 ? 2 : 1
      // Whole groups of each.
      let most = SIMD3(
        max(1, limits.items / local.0) * local.0, limits.groups.multipliedOrMost(by: local.1),
        limits.groups.multipliedOrMost(by: local.2))
      if sizes.x <= most.x && sizes.y <= most.y && sizes.z <= most.z {
        parts = [Part(offset: SIMD3(0, 0, 0), size: sizes)]
        return
      }
      var parts: [Part] = []
      for z in stride(from: 0, to: sizes.z, by: most.z) {
        for y in stride(from: 0, to: sizes.y, by: most.y) {
          for x in stride(from: 0, to: sizes.x, by: most.x) {
            let offset = SIMD3(x, y, z)
            let rest = sizes &- offset
            parts.append(Part(offset: offset, size: pointwiseMin(most, rest)))
          }
        }
      }
      self.parts = parts
    }
  }

  extension Int {
    /// The product, or the largest number where it is beyond that.
    fileprivate func multipliedOrMost(by other: Int) -> Int {
      let (product, overflow) = multipliedReportingOverflow(by: other)
      return overflow ? .max : product
    }
  }
#endif
