import Foundation
import Lathe
import TestSupport
import Testing

extension AllTests {
  /// Windows of every kind, against loops that read each window's own elements; where gradients go as in PyTorch 2.15.
  @Suite("Pooling", .serialized)
  struct Pooling {
    /// A window of one axis: its elements.
    private typealias Axis = [Range<Int>]

    private static func adaptive(_ size: Int, _ count: Int) -> Axis {
      (0..<count).map {
        Int(floor(Double($0 * size) / Double(count)))..<Int(ceil(Double(($0 + 1) * size) / Double(count)))
      }
    }

    private static func regular(_ size: Int, _ kernel: Int, _ stride: Int, _ padding: Int) -> Axis {
      (0...(size + 2 * padding - kernel) / stride).map {
        max($0 * stride - padding, 0)..<min($0 * stride - padding + kernel, size)
      }
    }

    /// Places of a plane that each window holds, window by window.
    private static func windows(_ rows: Axis, _ columns: Axis, width: Int) -> [[Int]] {
      rows.flatMap { row in columns.map { column in row.flatMap { y in column.map { y * width + $0 } } } }
    }

    /// The first largest element, or the last NaN.
    private static func winner(_ plane: [Float], _ window: [Int]) -> Int {
      if let nan = window.last(where: { plane[$0].isNaN }) { return nan }
      return window.dropFirst().reduce(window[0]) { plane[$1] > plane[$0] ? $1 : $0 }
    }

    private func expectSame(
      _ actual: [Float], _ expected: [Double], _ what: String, within error: Double = 1e-6
    ) {
      guard actual.count == expected.count else {
        Issue.record("\(what): \(actual.count) elements, expected \(expected.count)")
        return
      }
      let wrong = actual.indices.first {
        let (x, y) = (Double(actual[$0]), expected[$0])
        return x != y && !(x.isNaN && y.isNaN) && !(abs(x - y) <= error * abs(y))
      }
      #expect(wrong == nil, "\(what): \(wrong.map { "\($0): \(actual[$0]), not \(expected[$0])" } ?? "")")
    }

    /// Values and gradients of both poolings of one plane.
    private func check(
      _ device: Device, _ plane: [Float], _ size: (Int, Int), _ windows: [[Int]], _ what: String,
      max maxPool: (Tensor) -> Tensor, average averagePool: (Tensor) -> Tensor, divisor: Int? = nil
    ) throws {
      let upstream = windows.indices.map { Float($0 % 7 + 1) / 8 }
      func gradient(_ pool: (Tensor) -> Tensor) throws -> (value: [Float], gradient: [Float]) {
        let x = Tensor(plane, shape: [1, 1, size.0, size.1], device: device).requiringGradient()
        let y = pool(x)
        let dx = y.gradients(of: [x], upstream: Tensor(upstream, device: device).reshaped(to: y.shape))[0]
        return (try y.scalars(as: Float.self), try dx.scalars(as: Float.self))
      }
      let largest = try gradient(maxPool), mean = try gradient(averagePool)
      let winners = windows.map { Self.winner(plane, $0) }
      var (maxGradient, meanGradient) = (
        [Double](repeating: 0, count: plane.count), [Double](repeating: 0, count: plane.count)
      )
      for (i, window) in windows.enumerated() {
        maxGradient[winners[i]] += Double(upstream[i])
        for place in window { meanGradient[place] += Double(upstream[i]) / Double(divisor ?? window.count) }
      }
      expectSame(largest.value, winners.map { Double(plane[$0]) }, "\(what): maximum")
      expectSame(largest.gradient, maxGradient, "\(what): gradient of the maximum")
      let means = windows.map { window in
        window.reduce(0) { $0 + Double(plane[$1]) } / Double(divisor ?? window.count)
      }
      expectSame(mean.value, means, "\(what): mean")
      expectSame(mean.gradient, meanGradient, "\(what): gradient of the mean")
    }

    private static func planes(_ height: Int, _ width: Int) -> [(String, [Float])] {
      let numbers = (0..<height * width).map { Float(($0 &* 2_654_435_761) >> 9 & 0xff) / 64 + 0.5 }
      var corner = numbers, special = numbers
      corner[height * width - 1] = .nan
      for i in stride(from: 0, to: height * width, by: 3) { special[i] = i % 2 == 0 ? .nan : .infinity }
      return [
        ("numbers", numbers), ("ties", numbers.map { _ in 1 }), ("corner", corner), ("special", special),
      ]
    }

    @Test(arguments: TestDevice.all)
    func adaptiveWindowsReadTheirOwnElements(_ device: Device) throws {
      for (size, output) in [((5, 5), (3, 3)), ((4, 4), (3, 3)), ((7, 50), (2, 1)), ((2, 3), (5, 4))] {
        let windows = Self.windows(
          Self.adaptive(size.0, output.0), Self.adaptive(size.1, output.1), width: size.1)
        for (name, plane) in Self.planes(size.0, size.1) {
          try check(
            device, plane, size, windows, "\(name) \(size) to \(output)",
            max: { $0.adaptiveMaxPool2D(output: output) },
            average: { $0.adaptiveAveragePool2D(output: output) })
        }
      }
    }

    @Test(arguments: TestDevice.all)
    func windowsOfEverySize(_ device: Device) throws {
      for (size, kernel, stride, padding) in [
        ((4, 21), 2, 2, 0), ((5, 7), 3, 2, 1), ((13, 44), 9, 3, 4), ((40, 40), 33, 1, 0),
      ] {
        let windows = Self.windows(
          Self.regular(size.0, kernel, stride, padding), Self.regular(size.1, kernel, stride, padding),
          width: size.1)
        for (name, plane) in Self.planes(size.0, size.1) {
          try check(
            device, plane, size, windows, "\(name) \(size), \(kernel) by \(stride) padded by \(padding)",
            max: {
              $0.maxPool2D(kernel: (kernel, kernel), stride: (stride, stride), padding: (padding, padding))
            },
            average: {
              $0.averagePool2D(
                kernel: (kernel, kernel), stride: (stride, stride), padding: (padding, padding))
            }, divisor: kernel * kernel)
        }
      }
    }

    @Test(arguments: TestDevice.all)
    func planes(_ device: Device) throws {
      for (name, plane) in Self.planes(6, 35) {
        try check(
          device, plane, (6, 35), [Array(plane.indices)], "\(name) of a plane", max: { $0.globalMaxPool2D() },
          average: { $0.globalAveragePool2D() })
      }
    }

    @Test(arguments: TestDevice.all)
    func volumes(_ device: Device) throws {
      let axes = (Self.regular(3, 2, 1, 1), Self.regular(4, 3, 1, 1), Self.regular(5, 2, 2, 0))
      let rows = axes.0.flatMap { slices in
        axes.1.map { rows in slices.flatMap { z in rows.map { z * 4 + $0 } } }
      }
      let windows = rows.flatMap { rows in
        axes.2.map { columns in rows.flatMap { row in columns.map { row * 5 + $0 } } }
      }
      for (name, elements) in Self.planes(12, 5) {
        try check(
          device, elements, (12, 5), windows, "\(name) of a volume",
          max: {
            $0.reshaped(to: [1, 1, 3, 4, 5]).maxPool3D(
              kernel: (2, 3, 2), stride: (1, 1, 2), padding: (1, 1, 0))
          },
          average: {
            $0.reshaped(to: [1, 1, 3, 4, 5])
              .averagePool3D(kernel: (2, 3, 2), stride: (1, 1, 2), padding: (1, 1, 0))
          }, divisor: 12)
      }
    }

    /// Windows of a million elements; a size that is compiled in would take minutes.
    @Test(arguments: TestDevice.all)
    func largeWindows(_ device: Device) throws {
      let x = Tensor.full([1, 1, 1000, 1001], 0.1, device: device)
      let mean = try x.averagePool2D(kernel: (1000, 1000), stride: (1, 1)).scalars(as: Float.self)
      for value in mean { #expect(abs(value - 0.1) < 1e-6 * 0.1) }
      let largest = try (x.maxPool2D(kernel: (999, 1000)) * 10).scalars(as: Float.self)
      #expect(largest == [1])
    }

    @Test func planesWithoutPixelsAreRefused() async {
      let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        MistakePlace.hide()
        _ = Tensor.zeros([1, 1, 0, 4], device: .cpu).maxPool2D(kernel: (2, 2), padding: (1, 1))
      }
      expectMessage(result, "maxPool2D: a tensor of shape [1, 1, 0, 4]")
    }
  }
}
