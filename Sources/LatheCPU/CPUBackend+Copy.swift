import CPUKernels
import LatheCore

extension CPUBackend {
  package func copy(inputs: [Operand], outputs: [Operand]) throws {
    let shape = outputs[0].shape
    guard shape.elementCount > 0 else { return }
    counters.launched()
    let size = inputs[0].dtype.byteCount
    let axes = CollapsedAxes(shape: shape, operands: [outputs[0], inputs[0]])
    var sizes = Array(axes.sizes)
    var to = axes.strides[0].map { Int64($0 * size) }
    var from = axes.strides[1].map { Int64($0 * size) }
    if sizes.count == 1 {
      // A long run is cut into rows, so that threads can share it.
      let piece = 16 * 1024
      let (rows, rest) = sizes[0].quotientAndRemainder(dividingBy: piece)
      if rows > 1 && rest == 0 {
        sizes = [rows, piece]
        to = [to[0] * Int64(piece), to[0]]
        from = [from[0] * Int64(piece), from[0]]
      } else {
        sizes.insert(1, at: 0)
        to.insert(0, at: 0)
        from.insert(0, at: 0)
      }
    }
    let last = sizes.count - 1
    let (rows, columns) = (sizes[last - 1], sizes[last])
    let outer = sizes.dropLast(2)
    nonisolated(unsafe) let target = outputs[0].pointer.assumingMemoryBound(to: CChar.self)
    nonisolated(unsafe) let source = UnsafePointer(inputs[0].pointer.assumingMemoryBound(to: CChar.self))
    // Part of one row each where there are too few rows.
    let byColumns = rows * outer.reduce(1, *) < 8 && columns > 64 * 1024
    let units = byColumns ? columns : rows * outer.reduce(1, *)
    let grain = byColumns ? 32 * 1024 : max(1, 32 * 1024 / columns)
    let groups = outer.reduce(1, *)
    ThreadPool.shared.parallelFor(units, grain: grain) { range in
      let touched = byColumns ? 0..<groups : range.lowerBound / rows..<(range.upperBound - 1) / rows + 1
      for group in touched {
        let rowRange = byColumns ? 0..<rows : range.clamped(to: group * rows..<(group + 1) * rows)
        if rowRange.isEmpty { continue }
        var t = target
        var f = source
        var rest = group
        for axis in outer.indices.reversed() {
          let (quotient, index) = rest.quotientAndRemainder(dividingBy: outer[axis])
          t += index * Int(to[axis])
          f += index * Int(from[axis])
          rest = quotient
        }
        let firstRow = byColumns ? 0 : rowRange.lowerBound - group * rows
        let firstColumn = byColumns ? range.lowerBound : 0
        t += firstRow * Int(to[last - 1]) + firstColumn * Int(to[last])
        f += firstRow * Int(from[last - 1]) + firstColumn * Int(from[last])
        lathe_copy_2d(
          t, to[last - 1], to[last], f, from[last - 1], from[last], rowRange.count,
          byColumns ? range.count : columns, size)
      }
    }
  }
}
