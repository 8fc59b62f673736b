import CPUKernels
import LatheCPU
import LatheCore

/// A sum of kernels with rows that were learned from, and a constant.
public struct KernelMachine: Sendable, Hashable, Codable {
  /// The rows' places among the support vectors.
  let places: [Int]
  /// What each counts.
  let coefficients: [Double]
  /// The constant.
  let intercept: Double
}

/// Rows that decide, and how much they are like others.
struct SupportVectors: Sendable, Hashable, Codable {
  var kernel: KernelFunction
  var columns: Int
  /// One after the other.
  var values: [Double]

  var count: Int { columns > 0 ? values.count / columns : 0 }

  func isSound(_ machines: [KernelMachine]) -> Bool {
    columns > 0 && values.count % columns == 0
      && machines.allSatisfy { machine in
        machine.places.count == machine.coefficients.count
          && machine.places.allSatisfy { (0..<count).contains($0) }
      }
  }

  /// For each row the sum of each machine.
  func scores(_ x: FeatureMatrix, _ machines: [KernelMachine]) -> [Double] {
    require(x.columns == columns, "the model knows \(columns) columns, the matrix has \(x.columns)")
    let rows = DenseRows.rowMajor(x)
    let outputs = machines.count
    return [Double](unsafeUninitializedCapacity: x.rows * outputs) { target, made in
      nonisolated(unsafe) let target = target
      ThreadPool.shared.parallelFor(x.rows, grain: max(1, (1 << 13) / max(1, values.count))) { range in
        var kernels = [Double](repeating: 0, count: max(1, count))
        for row in range {
          rows.withUnsafeBufferPointer { rows in
            values.withUnsafeBufferPointer { values in
              guard let from = rows.baseAddress, let vectors = values.baseAddress else { return }
              kernel.fill(&kernels, vectors, count, columns, from + row * columns)
            }
          }
          for (k, machine) in machines.enumerated() {
            var sum = machine.intercept
            for (place, coefficient) in zip(machine.places, machine.coefficients) {
              sum += coefficient * kernels[place]
            }
            target[row * outputs + k] = sum
          }
        }
      }
      made = x.rows * outputs
    }
  }

  /// Those of rows that count in a machine, and machines that speak of them.
  static func kept(
    _ x: DenseRows, _ kernel: KernelFunction, _ machines: [KernelMachine]
  ) -> (vectors: SupportVectors, machines: [KernelMachine]) {
    let used = Set(machines.flatMap(\.places)).sorted()
    let places = Dictionary(uniqueKeysWithValues: used.enumerated().map { ($1, $0) })
    let values = used.flatMap { Array(x.values[$0 * x.columns..<($0 + 1) * x.columns]) }
    return (
      SupportVectors(kernel: kernel, columns: x.columns, values: values),
      machines.map { machine in
        KernelMachine(
          places: machine.places.compactMap { places[$0] }, coefficients: machine.coefficients,
          intercept: machine.intercept)
      }
    )
  }
}
