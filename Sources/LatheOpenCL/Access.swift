#if OpenCL
  import LatheCore

  /// How an operand is read along the innermost axis; part of a generated kernel's text.
  enum Access: UInt8 {
    case contiguous, broadcast, strided
  }

  extension CollapsedAxes {
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
        for k in strides.indices { result.strides[k].insert(0, at: 0) }
      }
      return result
    }
  }
#endif
