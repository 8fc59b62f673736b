import CPUKernels
import LatheCPU
import LatheCore

/// Gradients as whole numbers, so that sums do not depend on their order.
///
/// Gradient and hessian share 64 bits where their largest values are not far above their mean; otherwise
/// each has 64 bits of its own, which takes longer.
final class QuantizedGradients {
  let rows: Int
  let packed: UnsafeMutablePointer<UInt64>
  private var wideStorage: UnsafeMutablePointer<Int64>?
  private(set) var isWide = false
  private(set) var gradientUnit = 1.0
  private(set) var hessianUnit = 1.0

  /// Gradients that are this many times the mean lose too many digits beside it.
  private static let mostSpread = 256.0

  init(rows: Int) {
    self.rows = rows
    packed = .allocate(capacity: max(rows, 1))
  }

  deinit {
    packed.deallocate()
    wideStorage?.deallocate()
  }

  var wide: UnsafeMutablePointer<Int64> {
    if let wideStorage { return wideStorage }
    let memory = UnsafeMutablePointer<Int64>.allocate(capacity: max(2 * rows, 1))
    wideStorage = memory
    return memory
  }

  /// Takes the derivatives of one output; false where one is not a number.
  func take(_ gradients: UnsafePointer<Float>, _ hessians: UnsafePointer<Float>) -> Bool {
    let chunk = 16384
    let chunks = (rows + chunk - 1) / chunk
    var parts = [lathe_gradient_range](repeating: lathe_gradient_range(), count: chunks)
    let (g, h) = (gradients, hessians)
    parts.withUnsafeMutableBufferPointer { parts in
      ThreadPool.shared.parallelFor(chunks, grain: 1) { range in
        for part in range {
          let first = part * chunk
          parts[part] = lathe_tree_gradient_range(g + first, h + first, min(chunk, self.rows - first))
        }
      }
    }
    var total = lathe_gradient_range()
    for part in parts {
      guard part.max_gradient.isFinite, part.max_hessian.isFinite else { return false }
      total.max_gradient = max(total.max_gradient, part.max_gradient)
      total.max_hessian = max(total.max_hessian, part.max_hessian)
      total.sum_gradient += part.sum_gradient
      total.sum_hessian += part.sum_hessian
    }
    let n = Double(rows)
    isWide =
      total.max_gradient * n > Self.mostSpread * total.sum_gradient
      || total.max_hessian * n > Self.mostSpread * total.sum_hessian
    // Sums of all rows stay below 2^62.
    let wideBits = min(45, 61 - (Int.bitWidth - rows.leadingZeroBitCount))
    let bits = isWide ? (wideBits, wideBits) : (Int(LATHE_TREE_GRADIENT_BITS), Int(LATHE_TREE_HESSIAN_BITS))
    let gradientScale = Self.scale(total.max_gradient, bits: bits.0)
    let hessianScale = Self.scale(total.max_hessian, bits: bits.1)
    (gradientUnit, hessianUnit) = (1 / gradientScale, 1 / hessianScale)
    let (to, wide) = (packed, isWide ? self.wide : nil)
    ThreadPool.shared.parallelFor(rows, grain: 16384) { range in
      let first = range.lowerBound
      if let wide {
        lathe_tree_pack_wide(
          g + first, h + first, range.count, gradientScale, hessianScale, wide + 2 * first)
      } else {
        lathe_tree_pack(g + first, h + first, range.count, gradientScale, hessianScale, to + first)
      }
    }
    return true
  }

  /// The power of two by which the largest value stays below 2^bits.
  private static func scale(_ most: Double, bits: Int) -> Double {
    guard most > 0 else { return 1 }
    let exponent = bits - 1 - Int(most.exponent)
    return Double(sign: .plus, exponent: min(max(exponent, -120), 120), significand: 1)
  }

  /// Sums over rows; all of them for nil.
  func totals(_ rows: UnsafePointer<UInt32>?, count: Int) -> (gradient: Int64, hessian: Int64) {
    var (gradient, hessian) = (Int64(0), Int64(0))
    if isWide {
      lathe_tree_total_wide(rows, count, wide, &gradient, &hessian)
    } else {
      lathe_tree_total(rows, count, packed, &gradient, &hessian)
    }
    return (gradient, hessian)
  }
}
