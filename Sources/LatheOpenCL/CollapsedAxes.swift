#if OpenCL
  import LatheCore

  /// The axes of operands of one shape, with neighbours joined where all operands allow it.
  ///
  /// Axes of size 1 are dropped. A label (kept or reduced) may keep neighbours apart. There is at least one axis.
  struct CollapsedAxes {
    /// Sizes, outermost first.
    var sizes: [Int] = []
    /// For each operand the steps along the axes.
    var strides: [[Int]]
    /// The label of each axis.
    var labels: [Bool] = []

    init(shape: Shape, layouts: [Layout], labels axisLabels: [Bool]? = nil) {
      strides = [[Int]](repeating: [], count: layouts.count)
      for axis in 0..<shape.rank where shape[axis] != 1 {
        let label = axisLabels?[axis] ?? false
        let size = shape[axis]
        let last = sizes.count - 1
        let joins =
          last >= 0 && labels[last] == label
          && layouts.indices.allSatisfy { strides[$0][last] == layouts[$0].strides[axis] * size }
        if joins {
          sizes[last] *= size
          for k in layouts.indices { strides[k][last] = layouts[k].strides[axis] }
        } else {
          sizes.append(size)
          labels.append(label)
          for k in layouts.indices { strides[k].append(layouts[k].strides[axis]) }
        }
      }
      if sizes.isEmpty {
        sizes = [1]
        labels = [false]
        for k in layouts.indices { strides[k] = [0] }
      }
    }

    /// The number of axes.
    var rank: Int { sizes.count }

    /// How operand `k` is read along an axis.
    func access(_ k: Int, axis: Int) -> Access {
      switch strides[k][axis] {
      case 0: .broadcast
      case 1: .contiguous
      default: .strided
      }
    }

    /// The axes as [batch, rows, columns] where the second operand is contiguous along the columns and the first
    /// along the rows, both at least 16 long; nil where they are not like that.
    var asMatrices: CollapsedAxes? {
      guard rank == 2 || rank == 3, strides[1][rank - 1] == 1, strides[0][rank - 2] == 1,
        strides[0][rank - 1] > 1, sizes[rank - 1] >= 16, sizes[rank - 2] >= 16
      else { return nil }
      var result = self
      if rank == 2 {
        result.sizes.insert(1, at: 0)
        result.labels.insert(false, at: 0)
        for k in strides.indices { result.strides[k].insert(0, at: 0) }
      }
      return result
    }

    /// The axes with a label.
    func axes(labelled label: Bool) -> [Int] { sizes.indices.filter { labels[$0] == label } }
  }

  /// How an operand is read along the innermost axis; part of a generated kernel's text.
  enum Access: UInt8 {
    case contiguous, broadcast, strided
  }
#endif
