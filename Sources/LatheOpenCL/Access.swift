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

    /// Whether numbers of elements, and every operand's places counted from its first, have 31 bits.
    var hasNarrowPlaces: Bool {
      sizes.reduce(1, *) <= Int(Int32.max)
        && strides.allSatisfy { steps in
          zip(sizes, steps).reduce(0) { $0 + max(0, $1.0 - 1) * abs($1.1) } <= Int(Int32.max)
        }
    }

    /// Whether the innermost axis has whole vectors, at aligned places of every operand that is read as such; of one run the
    /// last vector may be short, and nothing is read in steps.
    func hasWholeVectors(
      _ width: Int, _ accesses: [Access], _ steps: some Collection<Shape>, _ operands: [Operand]
    ) -> Bool {
      guard rank == 1 || sizes[rank - 1] % width == 0 else { return false }
      return zip(operands, zip(accesses, steps)).allSatisfy { operand, reading in
        switch reading.0 {
        case .broadcast: true
        case .strided: rank > 1
        case .contiguous:
          operand.layout.offset % width == 0 && reading.1.dropLast().allSatisfy { $0 % width == 0 }
        }
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
