import CPUKernels
import LatheCore

extension CPUBackend {
  package func channelMoments(
    outer: Int, channels: Int, inner: Int, inputs: [Operand], outputs: [Operand]
  ) throws {
    counters.launched()
    let x = inputs[0].pointer(as: Float.self)
    let (mean, variance) = (outputs[0].pointer(as: Float.self), outputs[1].pointer(as: Float.self))
    func store(_ moments: lathe_moments, _ channel: Int) {
      mean[channel] = Float(moments.mean)
      variance[channel] = Float(moments.squares / moments.count)
    }
    // The number of parts depends on the sizes alone, so that the sums do not depend on the threads.
    guard inner < 16 else {
      let parts = max(1, min(outer, 64 / channels))
      let grain = max(1, 16384 * parts / (outer * inner))
      var found = [lathe_moments](repeating: lathe_moments(), count: channels * parts)
      found.withUnsafeMutableBufferPointer { buffer in
        nonisolated(unsafe) let found = buffer
        ThreadPool.shared.parallelFor(channels * parts, grain: grain) { range in
          for unit in range {
            let (channel, part) = unit.quotientAndRemainder(dividingBy: parts)
            let rows = outer * part / parts..<outer * (part + 1) / parts
            found[unit] = lathe_row_moments(
              x + (rows.lowerBound * channels + channel) * inner, rows.count, channels * inner, inner)
          }
        }
      }
      for channel in 0..<channels {
        store(Self.joined(found[channel * parts..<(channel + 1) * parts]), channel)
      }
      return
    }
    let columns = channels * inner
    let parts = max(1, min(32, outer / 64))
    var found = [lathe_moments](repeating: lathe_moments(), count: columns * parts)
    found.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let found = buffer
      ThreadPool.shared.parallelFor(parts, grain: max(1, 16384 * parts / (outer * columns))) { range in
        for part in range {
          let rows = outer * part / parts..<outer * (part + 1) / parts
          guard let to = found.baseAddress else { return }
          lathe_column_moments(x + rows.lowerBound * columns, rows.count, columns, to + part * columns)
        }
      }
    }
    for channel in 0..<channels {
      var all = lathe_moments()
      for part in 0..<parts {
        let first = part * columns + channel * inner
        var some = Self.joined(found[first..<first + inner])
        lathe_join_moments(&all, &some)
      }
      store(all, channel)
    }
  }

  private static func joined(_ parts: ArraySlice<lathe_moments>) -> lathe_moments {
    var all = lathe_moments()
    for var part in parts { lathe_join_moments(&all, &part) }
    return all
  }
}
