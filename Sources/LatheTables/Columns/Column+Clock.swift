import LatheCore

extension Column {
  /// The seconds since 1970 that clocks show at the points in time: those of the column's zone, where it has one.
  ///
  /// - Throws: `LatheError.invalidArgument` of columns that hold no points in time.
  package func clockSeconds(missing: Double = .nan) throws -> [Double] {
    guard case .dateTime(let values, let zone) = storage else {
      throw LatheError(
        .invalidArgument,
        "column '\(name)' is of \(type), not of points in time; cast it (cast(to: .dateTime()))")
    }
    return (0..<values.count).map { row in
      guard isValid(row) else { return missing }
      let ahead = zone.map { TimeText.offset(of: $0, at: values.pointer[row]) } ?? 0
      return Double(values.pointer[row]) / 1e6 + Double(ahead)
    }
  }
}
