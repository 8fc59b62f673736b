import Lathe
import TestSupport
import Testing

extension AllTests {
  /// Slices against NumPy's rules, and that views share memory.
  @Suite("Views", .serialized)
  struct Views {
    private static let bounds: [Int?] = [nil, 0, 1, 3, 6, 7, 9, -1, -2, -7, -8, -20]

    @Test(arguments: [1, 2, 3, 7, -1, -2, -3, -7])
    func slicesFollowPython(_ step: Int) throws {
      let x = Tensor.arange(7, device: .cpu)
      let reference = try x.array()
      for from in Views.bounds {
        for to in Views.bounds {
          let expected = reference.sliced(0, from: from, to: to, step: step)
          let found = try x.sliced(axis: 0, from: from, to: to, step: step).array()
          #expect(found == expected, "\(String(describing: from)):\(String(describing: to)):\(step)")
          let written = try x[.slice(from, to, step)].array()
          #expect(written == expected)
        }
      }
    }

    @Test(arguments: TestDevice.all)
    func subscripts(_ device: Device) throws {
      let values = NDArray([4, 5, 6], (0..<120).map(Double.init))
      let x = values.tensor(.int32, on: device)
      func check(_ tensor: Tensor, _ expected: NDArray, _ location: SourceLocation = #_sourceLocation) {
        expectEqual(tensor, expected, .int32, sourceLocation: location)
      }
      check(x[0], values.selected(0, 0))
      check(x[-1], values.selected(0, 3))
      check(x[1, 2], values.selected(0, 1).selected(0, 2))
      check(x[3, -5, -1], values.selected(0, 3).selected(0, 0).selected(0, 5))
      check(x[1..<3], values.sliced(0, from: 1, to: 3))
      check(x[1...2], values.sliced(0, from: 1, to: 3))
      check(x[2...], values.sliced(0, from: 2))
      check(x[..<2], values.sliced(0, to: 2))
      check(x[...2], values.sliced(0, to: 3))
      check(x[.all, 2], values.selected(1, 2))
      check(x[.all, .all, .slice(nil, nil, -2)], values.sliced(2, step: -2))
      check(
        x[.slice(-1, 0, -1), 1...3, 4],
        values.sliced(0, from: -1, to: 0, step: -1).sliced(1, from: 1, to: 4).selected(2, 4))
      check(x[.newAxis], values.unsqueezed(0))
      check(x[0, .newAxis, .all, .newAxis], values.selected(0, 0).unsqueezed(0).unsqueezed(2))
      check(x[1..<1], values.sliced(0, from: 1, to: 1))
    }

    @Test(arguments: TestDevice.all)
    func chainsOfViews(_ device: Device) throws {
      let values = NDArray([4, 6, 5], (0..<120).map(Double.init))
      let x = values.tensor(.float32, on: device)
      let view = x.permuted([2, 0, 1]).sliced(axis: 2, step: -2).select(axis: 0, index: 3).transposed()
      let expected = values.permuted([2, 0, 1]).sliced(2, step: -2).selected(0, 3).transposed()
      expectEqual(view, expected)
      expectEqual(view.reshaped(to: [-1]), expected.reshaped([-1]))
      expectEqual(view + view.flipped([0]), expected + expected.flipped([0]))
      expectEqual(
        view.unsqueezed(1).expanded(to: [3, 2, 4]), expected.unsqueezed(1).expanded(to: [3, 2, 4]))
    }

    @Test(arguments: TestDevice.all)
    func viewsTakeNoMemory(_ device: Device) throws {
      let x = try Tensor.zeros([64, 64], device: device).computed()
      let before = device.counters
      let views = [
        x.reshaped(to: [32, 128]), x.transposed(), x[1..<5], x.sliced(axis: 1, step: -3), x.unsqueezed(0),
        x.unsqueezed(0).expanded(to: [100, 64, 64]), x.permuted([1, 0]).flattened(from: 1),
        x.select(axis: 0, index: 3),
        x.flipped([0, 1]), x.split(count: 4, axis: 1)[2],
      ]
      for view in views { try view.computed() }
      #expect(device.counters.bytesInUse == before.bytesInUse)
      #expect(device.counters.launches == before.launches)
    }
  }
}
