import LatheCore
import LatheCPU
import Testing

@Suite struct PoolingTests {
  private static let shapes: [Pool2D] = {
    var result: [Pool2D] = []
    for (height, width) in [(2, 2), (8, 8), (24, 24), (5, 7), (33, 65), (14, 31)] {
      for (kernel, stride, padding) in [
        ((2, 2), (2, 2), (0, 0)), ((3, 3), (2, 2), (1, 1)), ((2, 3), (1, 1), (1, 1)),
        ((3, 2), (3, 1), (0, 1)),
        ((2, 2), (2, 2), (1, 1)), ((1, 1), (2, 3), (0, 0)),
      ] {
        let oh = (height + 2 * padding.0 - kernel.0) / stride.0 + 1
        let ow = (width + 2 * padding.1 - kernel.1) / stride.1 + 1
        if height + 2 * padding.0 < kernel.0 || width + 2 * padding.1 < kernel.1 { continue }
        result.append(
          Pool2D(
            planes: 5, height: height, width: width, kernelHeight: kernel.0, kernelWidth: kernel.1,
            strideY: stride.0, strideX: stride.1, paddingY: padding.0, paddingX: padding.1, outputHeight: oh,
            outputWidth: ow))
      }
    }
    return result
  }()

  /// Calls `body` for every element of every window.
  private func forEachElement(_ s: Pool2D, _ body: (_ y: Int, _ x: Int, _ place: Int) -> Void) {
    for plane in 0..<s.planes {
      for oy in 0..<s.outputHeight {
        for ox in 0..<s.outputWidth {
          for ky in 0..<s.kernelHeight {
            let iy = oy * s.strideY - s.paddingY + ky
            if iy < 0 || iy >= s.height { continue }
            for kx in 0..<s.kernelWidth {
              let ix = ox * s.strideX - s.paddingX + kx
              if ix < 0 || ix >= s.width { continue }
              body(
                (plane * s.outputHeight + oy) * s.outputWidth + ox,
                plane * s.height * s.width + iy * s.width + ix,
                iy * s.width + ix)
            }
          }
        }
      }
    }
  }

  @Test func maximum() throws {
    for s in Self.shapes {
      var numbers = Numbers(11)
      let pixels = s.outputHeight * s.outputWidth
      // Few distinct values, so that there are ties; some NaN and infinities.
      let x = (0..<s.planes * s.height * s.width).map { i -> Float in
        let value = (numbers.next() * 4).rounded()
        return i % 37 == 5 ? .nan : i % 41 == 7 ? -.infinity : value
      }
      let dy = numbers.floats(s.planes * pixels)
      var best = [Float?](repeating: nil, count: dy.count)
      var index = [Int32](repeating: -1, count: dy.count)
      forEachElement(s) { i, j, place in
        let isFirst = best[i] == nil
        let old = best[i] ?? 0
        if isFirst || x[j] > old || (x[j].isNaN && !old.isNaN) {
          best[i] = x[j]
          index[i] = Int32(place)
        }
      }
      var dx = [Double](repeating: 0, count: x.count)
      for i in dy.indices { dx[i / pixels * s.height * s.width + Int(index[i])] += Double(dy[i]) }

      let (y, places) = (
        try Kernel.output(dy.count), try Kernel.operand(index.map { _ in -7 }, [dy.count], .int32)
      )
      try CPUBackend.shared.run(.maxPool(s), inputs: [try Kernel.operand(x)], outputs: [y, places])
      expectClose(try Kernel.floats(y), best.map { Double($0 ?? 0) }, tolerance: 0, "maximum \(s)")
      #expect(try Kernel.values(places, as: Int32.self, zero: 0) == index)
      let backward = try Kernel.run(.maxPoolBackward(s), [try Kernel.operand(dy), places], count: dx.count)
      expectClose(backward, dx, "gradient of the maximum \(s)")
    }
  }

  @Test(arguments: [true, false]) func average(countsPadding: Bool) throws {
    for shape in Self.shapes {
      var s = shape
      s.countsPadding = countsPadding
      var numbers = Numbers(12)
      let x = numbers.floats(s.planes * s.height * s.width)
      let dy = numbers.floats(s.planes * s.outputHeight * s.outputWidth)
      var sum = [Double](repeating: 0, count: dy.count)
      var count = [Double](repeating: 0, count: dy.count)
      var dx = [Double](repeating: 0, count: x.count)
      forEachElement(s) { i, j, _ in
        sum[i] += Double(x[j])
        count[i] += 1
      }
      if countsPadding { count = count.map { _ in Double(s.kernelHeight * s.kernelWidth) } }
      forEachElement(s) { i, j, _ in dx[j] += Double(dy[i]) / count[i] }
      let forward = try Kernel.run(.averagePool(s), [try Kernel.operand(x)], count: dy.count)
      expectClose(forward, zip(sum, count).map { $0 / $1 }, "average \(s)")
      let backward = try Kernel.run(.averagePoolBackward(s), [try Kernel.operand(dy)], count: dx.count)
      expectClose(backward, dx, "gradient of the average \(s)")
    }
  }
}
