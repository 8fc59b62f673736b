/// Points of a picture in cells of cells, so that far ones push together (Barnes and Hut, 1986).
struct BarnesHutTree {
  private let width: Int
  private let children: Int
  /// For each cell the middle, one number after the other.
  private var centers: [Double] = []
  /// For each cell half of its length.
  private var halves: [Double] = []
  /// For each cell the sum of its points.
  private var sums: [Double] = []
  private var counts: [Int32] = []
  /// For each cell its first child, the others behind it; below 0 for none.
  private var firsts: [Int32] = []
  /// For each cell that has no children the place of its point; below 0 for none.
  private var members: [Int32] = []
  private static let mostDepth = 48

  /// A tree of points, `width` numbers each.
  init(_ points: [Double], width: Int) {
    self.width = width
    children = 1 << width
    let count = points.count / width
    var low = [Double](repeating: .infinity, count: width)
    var high = [Double](repeating: -.infinity, count: width)
    for i in points.indices {
      low[i % width] = min(low[i % width], points[i])
      high[i % width] = max(high[i % width], points[i])
    }
    let half = (0..<width).map { high[$0] - low[$0] }.reduce(1e-12, max) / 2 * (1 + 1e-9)
    centers.reserveCapacity(3 * count * width)
    sums.reserveCapacity(3 * count * width)
    add(center: (0..<width).map { (low[$0] + high[$0]) / 2 }, half: half)
    points.withUnsafeBufferPointer { points in
      for place in 0..<count { insert(place, points) }
    }
  }

  private mutating func add(center: [Double], half: Double) {
    centers += center
    halves.append(half)
    for _ in 0..<width { sums.append(0) }
    counts.append(0)
    firsts.append(-1)
    members.append(-1)
  }

  private mutating func insert(_ place: Int, _ points: UnsafeBufferPointer<Double>) {
    var cell = 0
    var depth = 0
    while true {
      for k in 0..<width { sums[cell * width + k] += points[place * width + k] }
      counts[cell] += 1
      if firsts[cell] < 0 {
        if counts[cell] == 1 {
          members[cell] = Int32(place)
          return
        }
        // Equal points stay in one cell.
        if depth >= Self.mostDepth { return }
        let other = Int(members[cell])
        divide(cell)
        let child = self.child(cell, other, points)
        for k in 0..<width { sums[child * width + k] = points[other * width + k] }
        counts[child] = 1
        members[child] = Int32(other)
        members[cell] = -1
      }
      cell = child(cell, place, points)
      depth += 1
    }
  }

  private mutating func divide(_ cell: Int) {
    firsts[cell] = Int32(counts.count)
    let half = halves[cell] / 2
    for number in 0..<children {
      let center = (0..<width).map { k in
        centers[cell * width + k] + (number >> k & 1 == 1 ? half : -half)
      }
      add(center: center, half: half)
    }
  }

  private func child(_ cell: Int, _ place: Int, _ points: UnsafeBufferPointer<Double>) -> Int {
    var number = 0
    for k in 0..<width where points[place * width + k] > centers[cell * width + k] { number |= 1 << k }
    return Int(firsts[cell]) + number
  }

  /// What all points but one push it away by, not yet divided by the sum over all pairs, and its part of that sum.
  ///
  /// A cell counts as one point where its length is less than `theta` times its distance.
  func push(
    _ point: UnsafePointer<Double>, theta: Double, into push: UnsafeMutablePointer<Double>,
    _ open: inout [Int32]
  ) -> Double {
    let square = theta * theta
    var total = 0.0
    for k in 0..<width { push[k] = 0 }
    return sums.withUnsafeBufferPointer { sums in
      halves.withUnsafeBufferPointer { halves in
        counts.withUnsafeBufferPointer { counts in
          firsts.withUnsafeBufferPointer { firsts in
            open.removeAll(keepingCapacity: true)
            open.append(0)
            while let next = open.popLast() {
              let cell = Int(next)
              let count = Double(counts[cell])
              var distance = 0.0
              for k in 0..<width {
                let own = point[k] - sums[cell * width + k] / count
                distance += own * own
              }
              let first = Int(firsts[cell])
              let length = 2 * halves[cell]
              if first < 0 || length * length < square * distance {
                // The point itself is in no distance from itself and from equal ones.
                if first < 0, distance < 1e-24 {
                  total += count - 1
                  continue
                }
                let near = 1 / (1 + distance)
                total += count * near
                let factor = count * near * near
                for k in 0..<width { push[k] += factor * (point[k] - sums[cell * width + k] / count) }
              } else {
                for child in first..<first + children where counts[child] > 0 { open.append(Int32(child)) }
              }
            }
            return total
          }
        }
      }
    }
  }
}
