import CPUKernels
import LatheCore

extension CPUBackend {
  func copy(inputs: [Operand], outputs: [Operand]) throws {
    counters.launched()
    let source = inputs[0]
    let target = outputs[0]
    let size = source.dtype.byteCount
    let axes = MergedAxes(source.layout, target.layout)
    let from = source.pointer(as: UInt8.self)
    let to = target.pointer(as: UInt8.self)
    let inner = axes.inner
    ThreadPool.shared.parallelFor(axes.rows, grain: max(1, (1 << 15) / max(inner.count, 1))) { range in
      for row in range {
        let (a, b) = axes.offsets(ofRow: row)
        lathe_copy_strided(from + a * size, inner.source, to + b * size, inner.target, inner.count, size)
      }
    }
  }
}

/// The axes of two layouts of one shape, merged where both allow it, the fastest last.
struct MergedAxes {
  private(set) var axes: [(count: Int, source: Int, target: Int)] = []

  init(_ source: Layout, _ target: Layout) {
    for i in 0..<source.rank where source.shape[i] != 1 {
      let axis = (count: source.shape[i], source: source.strides[i], target: target.strides[i])
      if let last = axes.last, last.source == axis.source * axis.count,
        last.target == axis.target * axis.count
      {
        axes[axes.count - 1] = (last.count * axis.count, axis.source, axis.target)
      } else {
        axes.append(axis)
      }
    }
    if axes.isEmpty { axes.append((1, 1, 1)) }
  }

  /// The fastest axis.
  var inner: (count: Int, source: Int, target: Int) { axes[axes.count - 1] }

  /// The number of times that the fastest axis is run through.
  var rows: Int { axes.dropLast().reduce(1) { $0 * $1.count } }

  /// Where a run starts on either side, in elements.
  func offsets(ofRow row: Int) -> (source: Int, target: Int) {
    var rest = row
    var source = 0
    var target = 0
    for axis in axes.dropLast().reversed() {
      let (quotient, place) = rest.quotientAndRemainder(dividingBy: axis.count)
      source += place * axis.source
      target += place * axis.target
      rest = quotient
    }
    return (source, target)
  }
}
