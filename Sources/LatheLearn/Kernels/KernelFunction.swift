import CPUKernels
import LatheCPU
import LatheCore

/// How much two rows are alike, as support vector machines measure it.
public enum KernelFunction: Sendable, Hashable, Codable {
  /// The rows' product.
  case linear
  /// e to the negative squared distance, times gamma.
  case rbf(gamma: Double)
  /// (gamma times the product + constant) to the degree.
  case polynomial(gamma: Double, degree: Int, constant: Double)
  /// The hyperbolic tangent of gamma times the product + constant.
  case sigmoid(gamma: Double, constant: Double)

  /// The kernel of one row with a block of rows.
  func fill(
    _ result: UnsafeMutablePointer<Double>, _ rows: UnsafePointer<Double>, _ count: Int, _ columns: Int,
    _ row: UnsafePointer<Double>
  ) {
    if case .rbf(let gamma) = self {
      lathe_linear_distances(rows, count, columns, row, 1, result)
      for i in 0..<count { result[i] = exponential(-gamma * result[i]) }
      return
    }
    lathe_linear_scores(rows, count, columns, row, 1, result)
    switch self {
    case .linear, .rbf: break
    case .polynomial(let gamma, let degree, let constant):
      for i in 0..<count { result[i] = power(gamma * result[i] + constant, Double(degree)) }
    case .sigmoid(let gamma, let constant):
      for i in 0..<count { result[i] = hyperbolicTangent(gamma * result[i] + constant) }
    }
  }

  /// The kernel of a row with itself.
  func diagonal(_ row: UnsafePointer<Double>, _ columns: Int) -> Double {
    var value = 0.0
    fill(&value, row, 1, columns, row)
    return value
  }
}

/// The settings of a kernel, in scikit-learn's words and with its defaults.
public struct KernelConfiguration: Sendable, Hashable, Codable {
  /// Which kernel.
  public enum Kind: String, Sendable, Hashable, Codable {
    /// The rows' product.
    case linear
    /// e to the negative squared distance.
    case rbf
    /// A power of the product.
    case polynomial
    /// The hyperbolic tangent of the product.
    case sigmoid
  }

  /// The factor of distances and products.
  public enum Gamma: Sendable, Hashable, Codable {
    /// 1 / (columns x variance of all values).
    case scale
    /// 1 / columns.
    case auto
    /// A number.
    case value(Double)
  }

  /// Which kernel.
  public var kind: Kind
  /// The factor of distances and products.
  public var gamma = Gamma.scale
  /// The exponent of `polynomial`.
  public var degree = 3
  /// What is added to products.
  public var constant = 0.0

  /// A kernel with the defaults.
  public init(_ kind: Kind = .rbf) { self.kind = kind }

  func function(_ x: DenseRows, what: String) throws -> KernelFunction {
    let factor: Double
    switch gamma {
    case .value(let value): factor = value
    case .auto: factor = 1 / Double(x.columns)
    case .scale:
      let sums = x.sum(2) { range, rows, sums in
        for i in 0..<range.count * x.columns { sums[0] += rows[i] }
      }
      let mean = sums[0] / Double(x.values.count)
      let squares = x.sum(1) { range, rows, sums in
        for i in 0..<range.count * x.columns { sums[0] += (rows[i] - mean) * (rows[i] - mean) }
      }
      let variance = squares[0] / Double(x.values.count)
      factor = variance > 0 ? 1 / (Double(x.columns) * variance) : 1
    }
    try LinearChecks.expect(
      factor >= 0 && factor.isFinite && degree >= 0,
      "\(what): gamma \(factor), degree \(degree); neither may be negative")
    switch kind {
    case .linear: return .linear
    case .rbf: return .rbf(gamma: factor)
    case .polynomial: return .polynomial(gamma: factor, degree: degree, constant: constant)
    case .sigmoid: return .sigmoid(gamma: factor, constant: constant)
    }
  }
}

/// Rows of a kernel matrix, made when they are asked for; the latest are kept.
final class KernelRows {
  let x: DenseRows
  let kernel: KernelFunction
  let diagonal: [Double]
  private var rows: [UnsafeMutablePointer<Double>?]
  private var lastUse: [Int]
  private var held: [Int] = []
  private let most: Int
  private var clock = 0

  /// - Parameter bytes: The most memory that rows take.
  init(_ x: DenseRows, _ kernel: KernelFunction, bytes: Int = 400 << 20) {
    (self.x, self.kernel) = (x, kernel)
    rows = .init(repeating: nil, count: x.rows)
    lastUse = .init(repeating: 0, count: x.rows)
    most = max(2, bytes / (8 * max(1, x.rows)))
    diagonal = x.values.withUnsafeBufferPointer { values in
      guard let start = values.baseAddress else { return [] }
      return (0..<x.rows).map { kernel.diagonal(start + $0 * x.columns, x.columns) }
    }
  }

  deinit { for row in held { rows[row]?.deallocate() } }

  /// One row, which stays until two others have been asked for at least.
  func row(_ index: Int) -> UnsafeMutablePointer<Double> {
    clock += 1
    lastUse[index] = clock
    if let row = rows[index] { return row }
    let room: UnsafeMutablePointer<Double>
    if held.count >= most, let place = held.indices.min(by: { lastUse[held[$0]] < lastUse[held[$1]] }),
      let old = rows[held[place]]
    {
      rows[held[place]] = nil
      held[place] = index
      room = old
    } else {
      room = .allocate(capacity: x.rows)
      held.append(index)
    }
    rows[index] = room
    let (x, kernel) = (x, kernel)
    nonisolated(unsafe) let target = room
    x.values.withUnsafeBufferPointer { values in
      guard let start = values.baseAddress else { return }
      nonisolated(unsafe) let first = start
      ThreadPool.shared.parallelFor(x.rows, grain: max(64, (1 << 14) / max(1, x.columns))) { range in
        kernel.fill(
          target + range.lowerBound, first + range.lowerBound * x.columns, range.count, x.columns,
          first + index * x.columns)
      }
    }
    return room
  }
}
