#if OpenCL
  import LatheCore
  import LatheOpenCL
  import Testing

  /// Launches of more work-groups than devices take.
  @Suite(.serialized, .enabled(if: hasOpenCL)) struct GridTests {
    @Test func partsCoverEveryGroupOnce() {
      let limits = LaunchGrid.Limits(items: 1000, groups: 7)
      let whole = LaunchGrid(global: (990, 21, 7), local: (10, 3, 1), limits: limits)
      #expect(whole.parts.map(\.offset) == [SIMD3(0, 0, 0)] && whole.dimensions == 3)
      #expect(whole.parts.map(\.size) == [SIMD3(990, 21, 7)])
      let grid = LaunchGrid(global: (2047, 43, 15), local: (64, 2, 1), limits: limits)
      #expect(grid.parts.count == 3 * 4 * 3)
      var items = 0
      for part in grid.parts {
        #expect(part.size.x <= 1000 && part.size.y <= 14 && part.size.z <= 7)
        #expect(part.offset.x % 64 == 0 && part.size.x % 64 == 0)
        #expect(part.offset.y % 2 == 0 && part.size.y % 2 == 0)
        items += part.size.x * part.size.y * part.size.z
      }
      #expect(items == 2048 * 44 * 15)
      #expect(LaunchGrid(global: (5000, 1, 1), local: (1, 1, 1), limits: .none).parts.count == 1)
    }

    private static let limits = "groups=65535 workgroup=256 local=32K"

    /// Items count themselves where their group's number and their own say.
    @Test func groupsKnowTheirNumbersInEachPart() async {
      await #expect(processExitsWith: .success) {
        Shim.use(GridTests.limits)
        let backend = try Shim.open()
        let text = """
          __kernel void place(__global float *x) {
            const size_t group = get_group_id(2) * 2 + get_group_id(1);
            x[(group * 2 + get_group_id(0)) * 2 + get_local_id(0)] += (float)group;
          }
          """
        let kernel = try backend.kernel("place", text)
        for (groups, isAlongZ) in [(70_000, true), (140_000, false)] {
          let count = isAlongZ ? 2 * groups : groups
          let x = try backend.buffer([Float](repeating: 0, count: 4 * count))
          let launches = Shim.count("launches")
          let global = isAlongZ ? (4, 2, groups) : (4, groups, 1)
          let numbers = isAlongZ ? kernel : try backend.kernel("line", text.replacing("place", with: "line"))
          try backend.launch(numbers, [.memory(x.memory)], global: global, local: (2, 1, 1))
          #expect(Shim.count("launches") == launches + (isAlongZ ? 2 : 3))
          let values = try backend.floats(x, count: 4 * count)
          let expected = (0..<4 * count).map { Float($0 / 4) }
          #expect(values == expected)
        }
        #expect(Shim.count("most_groups") == 65_535)
      }
    }

    @Test func transposesOfManyMatrices() async {
      await #expect(processExitsWith: .success) {
        Shim.use(GridTests.limits)
        let backend = try Shim.open()
        let shape: Shape = [65_600, 16, 16]
        let x = (0..<shape.elementCount).map { Float($0 % 8191) }
        var input = try backend.holding(x, shape)
        input.layout = Layout(shape: shape, strides: [256, 1, 16], offset: 0)
        let y = try backend.room(shape)
        try backend.run(.copy, inputs: [input], outputs: [y])
        let values = try backend.values(y)
        for matrix in [0, 65_535, 65_599] {
          let expected = (0..<256).map { x[matrix * 256 + $0 % 16 * 16 + $0 / 16] }
          #expect(Array(values[matrix * 256..<(matrix + 1) * 256]) == expected)
        }
        #expect(Shim.count("most_groups") == 65_535)
      }
    }
  }
#endif
