import Glibc
import Lathe

extension OpCase {
  static let interpolationCases: [OpCase] = {
    var cases: [OpCase] = []
    for mode in InterpolationMode.allCases {
      for size in [[5, 7], [9, 3], [2, 4]] {
        for (alignCorners, antialias) in [(false, false), (true, false), (false, true), (true, true)] {
          if (alignCorners || antialias) && mode != .linear && mode != .cubic { continue }
          if alignCorners && antialias && size[0] != 2 { continue }
          cases.append(
            OpCase(
              "interpolate \(mode) to \(size)\(alignCorners ? " corners" : "")\(antialias ? " antialias" : "")",
              [.float([1, 2, 4, 6])], tolerance: .accumulated, gradient: [0], secondOrder: false,
              views: mode == .linear && size[0] == 5,
              run: {
                $0[0].interpolate(to: size, mode: mode, alignCorners: alignCorners, antialias: antialias)
              },
              reference: {
                $0[0].interpolated(size, "\(mode)", alignCorners: alignCorners, antialias: antialias)
              }))
        }
      }
    }
    for mode in InterpolationMode.allCases {
      for (scale, alignCorners, antialias) in [
        ([2, 0.4], false, false), ([1.7, 2.5], false, false), ([0.6, 3], false, true),
        ([1.3, 0.75], true, false),
      ] {
        if (alignCorners || antialias) && mode != .linear && mode != .cubic { continue }
        let size = [Int(5 * scale[0]), Int(8 * scale[1])]
        cases.append(
          OpCase(
            "interpolate \(mode) by \(scale)", [.float([1, 2, 5, 8])], tolerance: .accumulated, gradient: [0],
            views: mode == .linear && scale[0] == 2,
            run: {
              $0[0].interpolate(scale: scale, mode: mode, alignCorners: alignCorners, antialias: antialias)
            },
            reference: {
              $0[0].interpolated(
                size, "\(mode)", alignCorners: alignCorners, antialias: antialias, scale: scale)
            }))
      }
    }
    cases += [
      OpCase(
        "interpolate many to few", [.float([1, 1, 33, 20])], tolerance: .accumulated,
        run: { $0[0].interpolate(to: [4, 5], mode: .cubic, antialias: true) },
        reference: { $0[0].interpolated([4, 5], "cubic", alignCorners: false, antialias: true) }),
      OpCase(
        "interpolate sequences", [.float([2, 3, 5])], tolerance: .accumulated, gradient: [0],
        run: { $0[0].interpolate(to: [8], mode: .linear) },
        reference: { $0[0].interpolated([8], "linear", alignCorners: false, antialias: false) }),
      OpCase(
        "interpolate volumes", [.float([1, 2, 2, 3, 2])], tolerance: .accumulated,
        run: { $0[0].interpolate(to: [3, 2, 5], mode: .linear, alignCorners: true) },
        reference: { $0[0].interpolated([3, 2, 5], "linear", alignCorners: true, antialias: false) }),
      OpCase(
        "interpolate float16", [InputSpec([1, 1, 3, 3], .float16, .uniform(-2, 2))], dtype: .float16,
        run: { $0[0].interpolate(to: [5, 5], mode: .linear) },
        reference: { $0[0].interpolated([5, 5], "linear", alignCorners: false, antialias: false) }),
    ]
    return cases
  }()

  static let unfoldCases: [OpCase] = {
    var cases: [OpCase] = []
    for (size, step, dilation) in [(3, 1, 1), (2, 3, 1), (2, 1, 2), (4, 4, 1)] {
      cases.append(
        OpCase(
          "unfold \(size) by \(step) dilation \(dilation)", [.float([3, 8, 2])], gradient: [0],
          secondOrder: size == 3,
          views: size == 3,
          run: { $0[0].unfold(axis: 1, size: size, step: step, dilation: dilation).square() },
          reference: { x in
            let n = (8 - dilation * (size - 1) - 1) / step + 1
            return NDArray([3, n, 2, size]) { x[0][[$0[0], $0[1] * step + $0[3] * dilation, $0[2]]] }.map {
              $0 * $0
            }
          }))
    }
    let windows: [((Int, Int), (Int, Int), (Int, Int), (Int, Int))] = [
      ((2, 3), (1, 1), (0, 0), (1, 1)), ((2, 2), (2, 1), (1, 0), (1, 2)), ((3, 1), (1, 2), (1, 1), (2, 1)),
    ]
    for (kernel, stride, padding, dilation) in windows {
      cases.append(
        OpCase(
          "unfold2D \(kernel) stride \(stride)", [.float([2, 3, 5, 6])], gradient: [0], views: true,
          run: { $0[0].unfold2D(kernel: kernel, stride: stride, padding: padding, dilation: dilation) },
          reference: { $0[0].unfold2D(kernel, stride, padding, dilation) }))
      let columns = NDArray([2, 3, 5, 6], filledWith: 0).unfold2D(kernel, stride, padding, dilation).shape
      cases.append(
        OpCase(
          "fold2D \(kernel) stride \(stride)", [.float(columns)], tolerance: .accumulated, gradient: [0],
          run: {
            $0[0].fold2D(output: (5, 6), kernel: kernel, stride: stride, padding: padding, dilation: dilation)
          },
          reference: { x in
            // Where each element of the columns comes from is where it goes to.
            let places = NDArray([2, 3, 5, 6], (1...180).map(Double.init)).unfold2D(
              kernel, stride, padding, dilation)
            var result = NDArray([2, 3, 5, 6], filledWith: 0)
            for (place, value) in zip(places.values, x[0].values) where place > 0 {
              result.values[Int(place) - 1] += value
            }
            return result
          }))
    }
    return cases
  }()

  static let partialPoolingCases: [OpCase] = {
    var cases: [OpCase] = []
    let largest: @Sendable ([Double], Int) -> Double = { elements, _ in
      elements.reduce(-.infinity, Scalar.maximum)
    }
    let windows: [((Int, Int), (Int, Int), (Int, Int), (Int, Int), Bool)] = [
      ((2, 3), (2, 2), (0, 1), (1, 1), true), ((3, 3), (2, 3), (1, 1), (1, 1), true),
      ((2, 2), (1, 2), (1, 0), (2, 2), false), ((3, 2), (2, 2), (0, 1), (2, 3), true),
      ((2, 2), (3, 3), (0, 0), (1, 1), true),
    ]
    for (kernel, stride, padding, dilation, ceilMode) in windows {
      let name =
        "\(kernel) stride \(stride) padding \(padding) dilation \(dilation)\(ceilMode ? " ceil" : "")"
      cases.append(
        OpCase(
          "maxPool2D \(name)", [.float([2, 2, 7, 8], .distinct(-2, 2))], gradient: [0], views: ceilMode,
          run: {
            $0[0].maxPool2D(
              kernel: kernel, stride: stride, padding: padding, dilation: dilation, ceilMode: ceilMode)
          },
          reference: {
            $0[0].pooled(kernel, stride, padding, dilation: dilation, ceilMode: ceilMode, largest)
          }))
      if dilation != (1, 1) { continue }
      for counts in [true, false] {
        cases.append(
          OpCase(
            "averagePool2D \(name)\(counts ? "" : " without padding")", [.float([2, 2, 7, 8])],
            tolerance: .accumulated, gradient: [0],
            run: {
              $0[0].averagePool2D(
                kernel: kernel, stride: stride, padding: padding, countsPadding: counts, ceilMode: true)
            },
            reference: {
              $0[0].pooled(kernel, stride, padding, ceilMode: true) { elements, places in
                elements.reduce(0, +) / Double(counts ? places : elements.count)
              }
            }))
      }
    }
    for order: Float in [2, 3, 1.5] {
      cases.append(
        OpCase(
          "lpPool2D \(order)", [.float([1, 2, 5, 6], .uniform(0.2, 2))], tolerance: .accumulated,
          gradient: [0],
          secondOrder: order == 2, run: { $0[0].lpPool2D(order: order, kernel: (2, 2), stride: (1, 2)) },
          reference: {
            $0[0].pooled((2, 2), (1, 2), (0, 0)) { elements, _ in
              pow(elements.reduce(0) { $0 + pow($1, Double(order)) }, 1 / Double(order))
            }
          }))
    }
    cases.append(
      OpCase(
        "maxPool1D ceil", [.float([1, 2, 6], .distinct(-2, 2))], gradient: [0],
        run: { $0[0].maxPool1D(kernel: 2, stride: 3, ceilMode: true) },
        reference: {
          $0[0].reshaped([1, 2, 1, 6]).pooled((1, 2), (1, 3), (0, 0), ceilMode: true, largest).reshaped([
            1, 2, 2,
          ])
        }))
    return cases
  }()

  static let volumeCases: [OpCase] = {
    struct Row: Sendable {
      var x: [Int], filter: [Int], stride: [Int], padding: [Int], dilation: [Int], groups: Int
    }
    let rows = [
      Row(
        x: [2, 3, 4, 5, 4], filter: [2, 3, 2, 3, 2], stride: [1, 1, 1], padding: [0, 0, 0],
        dilation: [1, 1, 1], groups: 1),
      Row(
        x: [1, 4, 5, 4, 5], filter: [6, 2, 3, 2, 2], stride: [2, 1, 2], padding: [1, 0, 1],
        dilation: [1, 2, 1], groups: 2),
      Row(
        x: [1, 2, 5, 3, 3], filter: [2, 1, 2, 1, 3], stride: [1, 2, 1], padding: [0, 1, 1],
        dilation: [2, 1, 1], groups: 2),
    ]
    return rows.enumerated().flatMap { i, row -> [OpCase] in
      @Sendable func three(_ list: [Int]) -> (Int, Int, Int) { (list[0], list[1], list[2]) }
      let (x, filter, groups) = (row.x, row.filter, row.groups)
      let sizes: [Int] = (0..<3).map { i in
        NDArray.windowCount(
          x[i + 2], kernel: filter[i + 2], stride: row.stride[i], padding: row.padding[i],
          dilation: row.dilation[i])
      }
      let extra = row.stride.map { $0 - 1 }
      return [
        OpCase(
          "conv3D \(i)", [.float(x), .float(filter), .float([filter[0]])], tolerance: .accumulated,
          gradient: [0, 1, 2], secondOrder: i == 2, views: i == 0,
          run: {
            $0[0].conv3D(
              $0[1], bias: $0[2], stride: three(row.stride), padding: three(row.padding),
              dilation: three(row.dilation), groups: groups)
          },
          reference: {
            NDArray.conv3D($0[0], $0[1], row.stride, row.padding, row.dilation, groups: groups)
              + $0[2].reshaped([filter[0], 1, 1, 1])
          }),
        OpCase(
          "convTranspose3D \(i)", [.float([x[0], filter[0]] + sizes), .float(filter), .float([x[1]])],
          tolerance: .accumulated, gradient: [0, 1, 2],
          run: {
            $0[0].convTranspose3D(
              $0[1], bias: $0[2], stride: three(row.stride), padding: three(row.padding),
              outputPadding: three(extra),
              dilation: three(row.dilation), groups: groups)
          },
          reference: {
            NDArray.convTranspose3D(
              $0[0], $0[1], row.stride, row.padding, row.dilation, extra, groups: groups)
              + $0[2].reshaped([x[1], 1, 1, 1])
          }),
      ]
    }
  }()
}
