import Lathe

extension OpCase {
  static let volumePoolingCases: [OpCase] = {
    struct Window: Sendable {
      var kernel: (Int, Int, Int), stride: (Int, Int, Int), padding: (Int, Int, Int)
      var dilation = (1, 1, 1)
      var ceilMode = false
    }
    @Sendable func list(_ three: (Int, Int, Int)) -> [Int] { [three.0, three.1, three.2] }
    let largest: @Sendable ([Double], Int) -> Double = { elements, _ in
      elements.reduce(-.infinity, Scalar.maximum)
    }
    let windows = [
      Window(kernel: (2, 2, 2), stride: (2, 2, 2), padding: (0, 0, 0)),
      Window(kernel: (3, 2, 3), stride: (1, 2, 2), padding: (1, 1, 0)),
      Window(kernel: (2, 3, 2), stride: (2, 2, 3), padding: (1, 0, 1), ceilMode: true),
      Window(kernel: (2, 2, 2), stride: (1, 2, 1), padding: (0, 1, 0), dilation: (2, 1, 3)),
    ]
    var cases: [OpCase] = []
    for (i, window) in windows.enumerated() {
      cases.append(
        OpCase(
          "maxPool3D \(i)", [.float([2, 2, 4, 5, 6], .distinct(-2, 2))], gradient: [0], views: i == 1,
          run: {
            $0[0].maxPool3D(
              kernel: window.kernel, stride: window.stride, padding: window.padding,
              dilation: window.dilation, ceilMode: window.ceilMode)
          },
          reference: {
            $0[0].pooledVolumes(
              list(window.kernel), list(window.stride), list(window.padding), dilation: list(window.dilation),
              ceilMode: window.ceilMode, largest)
          }))
      if window.dilation != (1, 1, 1) { continue }
      for counts in [true, false] {
        cases.append(
          OpCase(
            "averagePool3D \(i)\(counts ? "" : " without padding")", [.float([2, 1, 4, 5, 6])],
            tolerance: .accumulated, gradient: [0], secondOrder: i == 0, views: i == 1 && counts,
            run: {
              $0[0].averagePool3D(
                kernel: window.kernel, stride: window.stride, padding: window.padding, countsPadding: counts,
                ceilMode: window.ceilMode)
            },
            reference: {
              $0[0].pooledVolumes(
                list(window.kernel), list(window.stride), list(window.padding), ceilMode: window.ceilMode
              ) { elements, places in elements.reduce(0, +) / Double(counts ? places : elements.count) }
            }))
      }
    }
    for output in [(1, 1, 1), (2, 3, 2), (3, 2, 5)] {
      cases += [
        OpCase(
          "adaptiveAveragePool3D \(output)", [.float([1, 2, 4, 5, 6])], tolerance: .accumulated,
          gradient: [0],
          run: { $0[0].adaptiveAveragePool3D(output: output) },
          reference: {
            $0[0].adaptivelyPooledVolumes(list(output)) { $0.reduce(0, +) / Double($0.count) }
          }),
        OpCase(
          "adaptiveMaxPool3D \(output)", [.float([1, 2, 4, 5, 6], .distinct(-2, 2))], gradient: [0],
          run: { $0[0].adaptiveMaxPool3D(output: output) },
          reference: { $0[0].adaptivelyPooledVolumes(list(output)) { largest($0, 0) } }),
      ]
    }
    cases.append(
      OpCase(
        "averagePool3D float16", [InputSpec([1, 2, 4, 4, 4], .float16, .uniform(-2, 2))], dtype: .float16,
        run: { $0[0].averagePool3D(kernel: (2, 2, 2)) },
        reference: {
          $0[0].pooledVolumes([2, 2, 2], [2, 2, 2], [0, 0, 0]) { $0.reduce(0, +) / Double($1) }
        }))
    return cases
  }()
}
