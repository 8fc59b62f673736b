#if OpenCL
  /// The block of results that a work-item of gemm_cpu.cl keeps in registers, and what it packs.
  struct RegisterBlock {
    /// Rows, and vectors of columns.
    var rows: Int, vectors: Int
    /// Columns of a vector.
    let lanes: Int
    /// Steps along k at a time.
    var depth = 256
    /// The most rows and columns of a work-item.
    var rowsPerItem = 96, columnsPerItem = 512

    /// The tuned choice, else tiles that fill the registers: 12 rows of two vectors where there are 32, 6 where there are 16;
    /// fewer rows where so many would leave too many empty.
    init(_ choice: KernelChoice?, m: Int, n: Int, _ registers: VectorRegisters) {
      lanes = registers.lanes
      if let p = choice?.parameters {
        (rows, vectors, depth) = (p["MR"], p["NV"], p["BLOCK_K"])
        (rowsPerItem, columnsPerItem) = (p["MAX_ROWS"], p["COLUMNS"])
        return
      }
      func wasted(_ count: Int, _ block: Int) -> Double {
        Double(roundedUp(count, to: block)) / Double(count)
      }
      let (most, fewer) = registers.count >= 32 ? (12, 8) : (6, 4)
      rows = m <= 4 ? 4 : wasted(m, fewer) * 1.06 < wasted(m, most) ? fewer : most
      if registers.count >= 32 {
        vectors = rows == 4 ? 4 : 2
      } else {
        // Narrow vectors take longer for a row: fewer rows make items enough without packing them again for other columns.
        rowsPerItem = 48
        vectors = rows == 4 && wasted(n, 3 * lanes) < 1.06 ? 3 : 2
      }
    }

    /// Columns.
    var width: Int { vectors * lanes }

    /// The definitions that gemm_cpu.cl is built with.
    func options(packing: Bool) -> KernelOptions {
      [
        "MR": .int(rows), "NV": .int(vectors), "BLOCK_K": .int(depth), "MAX_ROWS": .int(rowsPerItem),
        "PACKED_B": packing ? 1 : 0,
      ]
    }
  }

  /// The tile of results that a work-group of product_tiles.clh computes, and the block of a work-item.
  struct ProductTile {
    var m: Int, n: Int, workM: Int, workN: Int, depth: Int

    init(m: Int, n: Int, workM: Int, workN: Int, depth: Int) {
      (self.m, self.n, self.workM, self.workN, self.depth) = (m, n, workM, workN, depth)
    }

    /// The tuned choice, else by the product's sizes; without vectors the largest tile would need too many registers.
    init(
      _ choice: KernelChoice?, m rows: Int, n columns: Int, batch: Int, computeUnits: Int, isVector: Bool
    ) {
      if let p = choice?.parameters {
        self.init(m: p["TILE_M"], n: p["TILE_N"], workM: p["WORK_M"], workN: p["WORK_N"], depth: p["DEPTH"])
        return
      }
      let large = ceilingDivide(rows, 128) * ceilingDivide(columns, 128) * batch
      if rows <= 16 {
        self.init(m: 16, n: 64, workM: 1, workN: 4, depth: 32)
      } else if columns <= 16 {
        self.init(m: 64, n: 16, workM: 4, workN: 1, depth: 32)
      } else if isVector && rows >= 128 && columns >= 128 && large >= 2 * computeUnits {
        self.init(m: 128, n: 128, workM: 8, workN: 8, depth: 8)
      } else {
        self.init(m: 64, n: 64, workM: 4, workN: 4, depth: 16)
      }
    }
  }
#endif
