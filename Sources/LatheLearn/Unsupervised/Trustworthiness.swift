import LatheCore

/// How far neighbours in a picture are neighbours of the rows themselves: scikit-learn's `trustworthiness`.
public enum Trustworthiness {
  /// 1 where all neighbours in the picture are among the nearest rows; less for each by how much farther it is.
  ///
  /// - Throws: `LatheError.invalidArgument` where rows differ in number, or half of them are fewer than the neighbours.
  public static func score(_ x: FeatureMatrix, points: FeatureMatrix, neighbors: Int = 5) throws -> Double {
    try LinearChecks.expect(
      x.rows == points.rows && neighbors >= 1 && 2 * neighbors < x.rows,
      "trustworthiness: \(points.rows) points of \(x.rows) rows, \(neighbors) neighbours; they must be below half of the rows"
    )
    let rows = try DenseRows(x, what: "trustworthiness")
    let picture = try DenseRows(points, what: "trustworthiness")
    let near = RowDistances.map(picture) { row, distances in
      nearest(distances, neighbors, but: row)
    }
    let penalties = RowDistances.map(rows) { row, distances -> Double in
      var sum = 0.0
      for other in near[row] {
        // How many rows are nearer than this one.
        let own = distances[other]
        var rank = 1
        for j in 0..<distances.count where j != row && (distances[j], j) < (own, other) { rank += 1 }
        if rank > neighbors { sum += Double(rank - neighbors) }
      }
      return sum
    }
    let (n, k) = (Double(x.rows), Double(neighbors))
    return 1 - penalties.reduce(0, +) * 2 / (n * k * (2 * n - 3 * k - 1))
  }

  /// The places of the least distances but one's own, nearest first.
  static func nearest(_ distances: UnsafeBufferPointer<Double>, _ count: Int, but row: Int) -> [Int] {
    var places: [Int] = []
    places.reserveCapacity(count + 1)
    for place in 0..<distances.count where place != row {
      let value = distances[place]
      if places.count == count, let last = places.last, distances[last] <= value { continue }
      var low = places.count
      while low > 0, distances[places[low - 1]] > value { low -= 1 }
      places.insert(place, at: low)
      if places.count > count { places.removeLast() }
    }
    return places
  }
}
