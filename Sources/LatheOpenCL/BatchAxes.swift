#if OpenCL
  import LatheCore

  /// The batch axes of a matrix product: merged where both operands allow it, the last three for the kernel.
  struct BatchAxes {
    /// Sizes of the axes and the steps of a and b along them.
    var sizes: [Int] = []
    var a: [Int] = []
    var b: [Int] = []

    init(shape: Shape, a aLayout: Layout, b bLayout: Layout) {
      for axis in 0..<(shape.rank - 2) where shape[axis] != 1 {
        let size = shape[axis]
        let (stepA, stepB) = (aLayout.strides[axis], bLayout.strides[axis])
        if let last = sizes.indices.last, a[last] == stepA * size, b[last] == stepB * size {
          sizes[last] *= size
          a[last] = stepA
          b[last] = stepB
        } else {
          sizes.append(size)
          a.append(stepA)
          b.append(stepB)
        }
      }
      while sizes.count < 3 {
        sizes.insert(1, at: 0)
        a.insert(0, at: 0)
        b.insert(0, at: 0)
      }
    }

    /// One axis, with the steps of a and b along it.
    init(count: Int, a: Int, b: Int) {
      sizes = [1, 1, count]
      self.a = [0, 0, a]
      self.b = [0, 0, b]
    }

    /// The last three axes behind a new one in front, with the steps of a and b along it.
    func behind(count: Int, a step: Int, b otherStep: Int) -> BatchAxes {
      var result = self
      let first =
        sizes.count - 3 + (sizes.suffix(3).firstIndex { $0 > 1 }.map { $0 - (sizes.count - 3) } ?? 3)
      result.sizes = [count] + sizes[first...]
      result.a = [step] + a[first...]
      result.b = [otherStep] + b[first...]
      while result.sizes.count < 3 {
        result.sizes.insert(1, at: 0)
        result.a.insert(0, at: 0)
        result.b.insert(0, at: 0)
      }
      return result
    }

    /// Products that one launch computes: those of the last three axes.
    var count: Int { sizes.suffix(3).reduce(1, *) }
    /// Products of all axes in front of the last three.
    var launches: Int { sizes.dropLast(3).reduce(1, *) }

    /// Where a and b begin for one of the launches.
    func offsets(launch: Int) -> (a: Int, b: Int) { offsets(of: launch, along: sizes.indices.dropLast(3)) }

    /// Where a and b begin for one of a launch's products.
    func offsets(product: Int) -> (a: Int, b: Int) { offsets(of: product, along: sizes.indices.suffix(3)) }

    private func offsets(of number: Int, along axes: Range<Int>) -> (a: Int, b: Int) {
      var rest = number
      var result = (a: 0, b: 0)
      for axis in axes.reversed() {
        let index = rest % sizes[axis]
        rest /= sizes[axis]
        result.a += index * a[axis]
        result.b += index * b[axis]
      }
      return result
    }

    /// The kernel arguments batch1, batch2, a0, a1, a2, b0, b1, b2.
    func arguments(b steps: ArraySlice<Int>? = nil) -> [KernelArgument] {
      sizes.suffix(2).map(KernelArgument.int)
        + (a.suffix(3) + (steps ?? b.suffix(3))).map(KernelArgument.long)
    }
  }
#endif
