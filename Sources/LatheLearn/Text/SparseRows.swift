import LatheCPU
import LatheCore

/// Rows of numbers of which most are 0: those that are not lie row after row, with their columns (CSR).
public struct SparseRows: Sendable, Hashable {
  /// How many columns there are.
  public let columns: Int
  /// Where each row begins among `values`; one place more than rows.
  public let starts: [Int]
  /// The column of each value, rising within a row.
  public let places: [Int32]
  /// The values that are not 0.
  public let values: [Double]
  /// A name for each column; none where there are none.
  public let names: [String]

  /// The number of rows.
  public var rows: Int { starts.count - 1 }

  /// Rows of known values.
  public init(columns: Int, starts: [Int], places: [Int32], values: [Double], names: [String] = []) {
    require(
      starts.first == 0 && starts.last == values.count && places.count == values.count
        && zip(starts, starts.dropFirst()).allSatisfy { $0 <= $1 },
      "SparseRows: starts, places and values do not fit each other")
    require(
      places.allSatisfy { $0 >= 0 && $0 < columns }, "SparseRows: a column that is not there")
    require(
      names.isEmpty || names.count == columns, "SparseRows: \(names.count) names for \(columns) columns")
    (self.columns, self.starts, self.places, self.values, self.names) = (
      columns, starts, places, values, names
    )
  }

  /// The values of a matrix that are not 0.
  public init(_ x: FeatureMatrix) {
    var (starts, places, values) = ([0], [Int32](), [Double]())
    for row in 0..<x.rows {
      for column in 0..<x.columns where x[row, column] != 0 {
        places.append(Int32(column))
        values.append(x[row, column])
      }
      starts.append(values.count)
    }
    self.init(columns: x.columns, starts: starts, places: places, values: values, names: x.names)
  }

  /// One row's columns and values.
  public func row(_ row: Int) -> [(column: Int, value: Double)] {
    (starts[row]..<starts[row + 1]).map { (Int(places[$0]), values[$0]) }
  }

  /// All values, zeros included.
  ///
  /// - Throws: `LatheError.resource` where they would take more than 16 GB.
  public func dense() throws -> FeatureMatrix {
    guard rows * columns <= 1 << 31 else {
      throw LatheError(
        .unsupported,
        "\(rows) x \(columns) values take \(rows * columns >> 27) GB when zeros are stored; take fewer columns "
          + "(maxFeatures), or train from sparse rows")
    }
    var all = [Double](repeating: 0, count: rows * columns)
    for row in 0..<rows {
      for k in starts[row]..<starts[row + 1] { all[row * columns + Int(places[k])] = values[k] }
    }
    return FeatureMatrix(all, rows: rows, columns: columns, names: names.isEmpty ? nil : names)
  }

  /// Some of the rows, in their order.
  public func selecting(rows chosen: [Int]) -> SparseRows {
    var (starts, places, values) = ([0], [Int32](), [Double]())
    for row in chosen {
      places += self.places[self.starts[row]..<self.starts[row + 1]]
      values += self.values[self.starts[row]..<self.starts[row + 1]]
      starts.append(values.count)
    }
    return SparseRows(columns: columns, starts: starts, places: places, values: values, names: names)
  }

  /// Each row's products with vectors of weights that lie behind each other.
  func scores(_ weights: [Double], outputs: Int) -> [Double] {
    [Double](unsafeUninitializedCapacity: rows * outputs) { target, count in
      let to = target
      ThreadPool.shared.parallelFor(rows, grain: 256) { range in
        for row in range {
          for k in 0..<outputs {
            var sum = 0.0
            for i in starts[row]..<starts[row + 1] {
              sum += values[i] * weights[k * columns + Int(places[i])]
            }
            to[row * outputs + k] = sum
          }
        }
      }
      count = rows * outputs
    }
  }

  /// Columns as rows.
  func transposed() -> SparseRows {
    var starts = [Int](repeating: 0, count: columns + 1)
    for place in places { starts[Int(place) + 1] += 1 }
    for column in 0..<columns { starts[column + 1] += starts[column] }
    var next = starts
    var rowsOf = [Int32](repeating: 0, count: values.count)
    var moved = [Double](repeating: 0, count: values.count)
    for row in 0..<rows {
      for i in self.starts[row]..<self.starts[row + 1] {
        let column = Int(places[i])
        rowsOf[next[column]] = Int32(row)
        moved[next[column]] = values[i]
        next[column] += 1
      }
    }
    return SparseRows(columns: rows, starts: starts, places: rowsOf, values: moved)
  }
}
