#if OpenCL
  /// A product of tiles [16, depth] x [depth, 8] as the 32 lanes of mma.sync hold it in registers.
  ///
  /// PTX ISA, "Matrix Fragments for mma.m16n8k16" and ".m16n8k8": with group = lane / 4 and place = lane % 4, a lane
  /// holds rows group and group + 8 of a, column group of b, and columns 2 place and 2 place + 1 of both rows of the
  /// result; along the depth it holds runs of elements that fill 32 bits, from place on, and again half the depth on.
  package struct MatrixFragment {
    package enum Element: String, CaseIterable {
      case f16, bf16, tf32

      /// Elements in a register.
      package var run: Int { self == .tf32 ? 1 : 2 }
      /// Columns of a and rows of b.
      package var depth: Int { 8 * run }

      /// The bits of a small integer.
      package func bits(_ value: Int) -> UInt32 {
        switch self {
        case .f16: UInt32(Float16(value).bitPattern)
        case .bf16: Float(value).bitPattern >> 16
        case .tf32: Float(value).bitPattern
        }
      }
    }

    let element: Element

    package init(_ element: Element) { self.element = element }

    /// Elements of the tiles.
    package func a(_ row: Int, _ k: Int) -> Int { (row * 3 + k * 5) % 13 - 6 }
    package func b(_ k: Int, _ column: Int) -> Int { (k * 7 + column * 2) % 11 - 5 }

    private func register(_ first: Int, _ value: (Int) -> Int) -> UInt32 {
      (0..<element.run).reduce(0) { $0 | element.bits(value(first + $1)) << UInt32(16 * $1) }
    }

    /// Four registers of each lane: rows group and group + 8 in the first half of the depth, then in the second.
    package var aRegisters: [UInt32] {
      (0..<32).flatMap { lane in
        [0, element.depth / 2].flatMap { half in
          [0, 8].map { row in
            register(half + lane % 4 * element.run) { a(lane / 4 + row, $0) }
          }
        }
      }
    }

    /// Two registers of each lane: the first and the second half of the depth.
    package var bRegisters: [UInt32] {
      (0..<32).flatMap { lane in
        [0, element.depth / 2].map { half in
          register(half + lane % 4 * element.run) { b($0, lane / 4) }
        }
      }
    }

    /// Four results of each lane.
    package var sums: [Float] {
      (0..<32).flatMap { lane in
        [0, 8].flatMap { row in
          [0, 1].map { next in
            let (i, j) = (lane / 4 + row, lane % 4 * 2 + next)
            return Float((0..<element.depth).reduce(0) { $0 + a(i, $1) * b($1, j) })
          }
        }
      }
    }
  }
#endif
