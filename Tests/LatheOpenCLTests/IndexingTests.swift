#if OpenCL
  import LatheCore
  import LatheOpenCL
  import Testing

  /// Copy, gather, scatter-add, sort and scans against plain loops.
  @Suite(.serialized) struct IndexingTests {
    @Test(arguments: devices) func copiesBetweenViews(_ device: TestDevice) throws {
      let backend = device.backend
      let values = (0..<(6 * 35 * 20)).map { Int32($0) }
      let source = try backend.operand(values, [6, 35, 20], .int32)
      let whole = source.layout
      let reversed = Layout(shape: [6, 35, 10], strides: [700, 20, -2], offset: 19)
      let views: [Layout] = [
        whole, whole.permuted([2, 0, 1]), whole.permuted([1, 2, 0]), whole.permuted([0, 2, 1]), reversed,
        Layout(shape: [4, 35, 20], strides: [0, 20, 1], offset: 700),
        Layout(shape: [1, 1], strides: [5, 3], offset: 9),
      ]
      for view in views {
        // Into the middle of rows that are wider than the view.
        let size = view.shape.elementCount
        let width = view.shape[view.rank - 1]
        let strides = Shape(Layout(view.shape).strides.map { $0 / width * (width + 7) })
        var target = Layout(shape: view.shape, strides: strides, offset: 3)
        target.strides[view.rank - 1] = 1
        let total = size / width * (width + 7)
        let before = [Int32](repeating: -1, count: total)
        let output = try backend.operand(before, [total], .int32)
        try backend.run(
          .copy, inputs: [Operand(buffer: source.buffer, layout: view, dtype: .int32)],
          outputs: [Operand(buffer: output.buffer, layout: target, dtype: .int32)])
        var want = before
        for e in 0..<size { want[element(e, target)] = values[element(e, view)] }
        #expect(try backend.values(output.buffer, count: total) == want)
      }
    }

    private func element(_ number: Int, _ layout: Layout) -> Int {
      var rest = number
      var index = layout.offset
      for axis in (0..<layout.rank).reversed() {
        index += rest % layout.shape[axis] * layout.strides[axis]
        rest /= layout.shape[axis]
      }
      return index
    }

    @Test(arguments: devices) func gathersAndScatters(_ device: TestDevice) throws {
      let backend = device.backend
      for (outer, count, inner, picked, wholeRows) in [
        (2, 5, 7, 4, false), (1, 9, 33, 40, true), (3, 4, 1, 6, false),
      ] {
        let x = (0..<(outer * count * inner)).map { Float($0) * 0.5 }
        let indexCount = wholeRows ? outer * picked : outer * picked * inner
        let index = (0..<indexCount).map { Int32(($0 * 7 + 3) % (2 * count) - count) }
        let layout =
          wholeRows
          ? Layout(shape: [outer, picked, inner], strides: [picked, 1, 0], offset: 0)
          : Layout([outer, picked, inner])
        let table = try backend.operand(x, [outer, count, inner], .float32)
        let picks = Operand(
          buffer: try backend.operand(index, [indexCount], .int32).buffer, layout: layout, dtype: .int32)
        let result = try backend.empty([outer, picked, inner], .float32)
        try backend.run(
          .gather(outer: outer, count: count, inner: inner, picked: picked), inputs: [table, picks],
          outputs: [result])
        let source = (0..<(outer * picked * inner)).map { Float($0 % 13) * 0.25 }
        let sums = try backend.empty([outer, count, inner], .float32)
        try backend.run(
          .scatterAdd(outer: outer, count: count, inner: inner, picked: picked),
          inputs: [table, picks, backend.operand(source, [outer, picked, inner], .float32)], outputs: [sums])
        var wantPicked = [Float](repeating: 0, count: source.count)
        var wantSums = x
        for e in source.indices {
          let o = e / (picked * inner)
          let place = Int(index[element(e, layout)])
          let at = (o * count + (place < 0 ? place + count : place)) * inner + e % inner
          wantPicked[e] = x[at]
          wantSums[at] += source[e]
        }
        #expect(try backend.floats(result.buffer, count: source.count) == wantPicked)
        #expect(try backend.floats(sums.buffer, count: x.count) == wantSums)
      }
    }

    @Test(arguments: devices) func reportsIndexOutOfRangeToItsReaders(_ device: TestDevice) throws {
      let backend = device.backend
      let table = try backend.operand([Float](repeating: 1, count: 12), [1, 4, 3], .float32)
      let index = try backend.operand([Int32(0), 4], [2], .int32)
      let picks = Operand(
        buffer: index.buffer, layout: Layout(shape: [1, 2, 3], strides: [2, 1, 0], offset: 0), dtype: .int32)
      let result = try backend.empty([1, 2, 3], .float32)
      try backend.run(
        .gather(outer: 1, count: 4, inner: 3, picked: 2), inputs: [table, picks], outputs: [result])
      try backend.synchronize()
      #expect(try backend.floats(table.buffer, count: 12) == [Float](repeating: 1, count: 12))
      for _ in 0..<2 {
        let error = #expect(throws: LatheError.self) { try backend.floats(result.buffer, count: 6) }
        #expect(error?.kind == .indexOutOfRange)
        #expect(error?.message == "gather: index 4 is outside an axis of size 4")
      }
    }

    @Test(arguments: devices) func sorts(_ device: TestDevice) throws {
      let backend = device.backend
      for (rows, count) in [(1, 1), (3, 2), (5, 31), (2, 64), (1, 5000)] {
        var values = (0..<(rows * count)).map { Float(($0 &* 7919) % 97) - 40 }
        if count > 30 {
          values[7] = .nan
          values[20] = -.infinity
          values[21] = .nan
        }
        let input = try backend.operand(values, [rows, count], .float32)
        for descending in [false, true] {
          let sorted = try backend.empty([rows, count], .float32)
          let places = try backend.empty([rows, count], .int32)
          try backend.run(
            .sort(rows: rows, count: count, descending: descending), inputs: [input],
            outputs: [sorted, places])
          let gotValues = try backend.floats(sorted.buffer, count: rows * count)
          let gotPlaces: [Int32] = try backend.values(places.buffer, count: rows * count)
          for row in 0..<rows {
            func key(_ i: Int) -> Float {
              values[row * count + i].isNaN ? .infinity : values[row * count + i]
            }
            let want = (0..<count).sorted { a, b in
              key(a) == key(b) ? a < b : (descending ? key(a) > key(b) : key(a) < key(b))
            }
            #expect(gotPlaces[(row * count)..<((row + 1) * count)].map { Int($0) } == want)
            for i in 0..<count {
              let expected = values[row * count + want[i]]
              #expect(gotValues[row * count + i].bitPattern == expected.bitPattern)
            }
          }
        }
      }
      let bytes: [UInt8] = [3, 200, 3, 1, 0]
      let sorted = try backend.empty([1, 5], .uint8)
      let places = try backend.empty([1, 5], .int32)
      try backend.run(
        .sort(rows: 1, count: 5, descending: true), inputs: [backend.operand(bytes, [1, 5], .uint8)],
        outputs: [sorted, places])
      #expect(try backend.values(sorted.buffer, count: 5, as: UInt8.self) == [200, 3, 3, 1, 0])
      #expect(try backend.values(places.buffer, count: 5, as: Int32.self) == [1, 0, 2, 3, 4])
    }

    @Test(arguments: devices) func scans(_ device: TestDevice) throws {
      let backend = device.backend
      for (outer, count, inner) in [(1, 1, 1), (3, 40, 1), (2, 9, 33), (200, 10, 1)] {
        var values = (0..<(outer * count * inner)).map { Float(($0 &* 31) % 17) - 8 }
        if count == 40 { values[45] = .nan }
        let input = try backend.operand(values, [outer, count, inner], .float32)
        let sums = try backend.empty([outer, count, inner], .float32)
        try backend.run(
          .cumulativeSum(outer: outer, count: count, inner: inner), inputs: [input], outputs: [sums])
        let gotSums = try backend.floats(sums.buffer, count: values.count)
        for largest in [true, false] {
          let places = try backend.empty([outer, inner], .int32)
          try backend.run(
            .argReduce(outer: outer, count: count, inner: inner, largest: largest), inputs: [input],
            outputs: [places])
          let got: [Int32] = try backend.values(places.buffer, count: outer * inner)
          for column in 0..<(outer * inner) {
            let start = column / inner * count * inner + column % inner
            var best = 0
            var sum: Float = 0
            for i in 0..<count {
              let v = values[start + i * inner]
              let b = values[start + best * inner]
              if !b.isNaN && (v.isNaN || (largest ? v > b : v < b)) { best = i }
              sum += v
              let isSame =
                gotSums[start + i * inner] == sum || (sum.isNaN && gotSums[start + i * inner].isNaN)
              #expect(isSame)
            }
            #expect(got[column] == Int32(best))
          }
        }
      }
    }
  }
#endif
