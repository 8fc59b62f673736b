#if OpenCL
  import LatheCore
  import LatheOpenCL
  import Testing

  /// Winograd's way of the kernels for GPUs, which the operation suite meets only where it pays: edges of tiles, chunks of images.
  @Suite struct WinogradTests {
    private struct Geometry {
      var batch = 1, channels = 32, outputs = 32, height: Int, width: Int, padding: Int
      var hasBias = false

      var sizes: Convolution2D {
        var sizes = Convolution2D(
          batch: batch, channels: channels, height: height, width: width, outputChannels: outputs, groups: 1,
          kernelHeight: 3, kernelWidth: 3, strideY: 1, strideX: 1, paddingY: padding, paddingX: padding,
          dilationY: 1, dilationX: 1, outputHeight: height + 2 * padding - 2,
          outputWidth: width + 2 * padding - 2)
        sizes.hasBias = hasBias
        sizes.activation = hasBias ? .relu : .none
        return sizes
      }
    }

    @Test(arguments: devices.filter { $0.backend.profile == .gpu })
    func itGivesWhatPlainSumsGive(_ device: TestDevice) throws {
      let backend = device.backend
      for geometry in [
        Geometry(batch: 2, outputs: 36, height: 10, width: 14, padding: 1, hasBias: true),
        Geometry(channels: 33, outputs: 32, height: 6, width: 5, padding: 0),
        Geometry(batch: 3, channels: 32, outputs: 40, height: 4, width: 8, padding: 2, hasBias: true),
      ] {
        for backward in [false, true] {
          let sizes = geometry.sizes
          let outside: Shape = [sizes.batch, sizes.outputChannels, sizes.outputHeight, sizes.outputWidth]
          let inside: Shape = [sizes.batch, sizes.channels, sizes.height, sizes.width]
          func numbers(_ shape: Shape, _ factor: Int) throws -> Operand {
            try backend.operand(
              (0..<shape.elementCount).map { Float($0 * factor % 19) / 9 - 1 }, shape, .float32)
          }
          let read = try numbers(backward ? outside : inside, 7)
          let filter = try numbers([sizes.outputChannels, sizes.channels, 3, 3], 5)
          let bias = try numbers([sizes.outputChannels], 3)
          let shape = backward ? inside : outside
          func result(_ run: (Operand) throws -> Void) throws -> [Float] {
            let output = try backend.operand(
              [Float](repeating: .nan, count: shape.elementCount), shape, .float32)
            try run(output)
            return try backend.floats(output.buffer, count: shape.elementCount)
          }
          let operation: LatheCore.Operation =
            backward ? .convolutionBackwardInput(sizes) : .convolution(sizes)
          let inputs = [read, filter] + (sizes.hasBias && !backward ? [bias] : [])
          // Of so little work the plain kernels take care.
          let expected = try result { try backend.run(operation, inputs: inputs, outputs: [$0]) }
          let found = try result {
            // An image to each chunk.
            try backend.convolveByPoints(
              sizes, backward: backward, inputs: inputs, output: $0, chunkBytes: 1)
          }
          let largest = expected.map(abs).max() ?? 0
          let worst = zip(found, expected).map { $0.isFinite ? abs($0 - $1) : .infinity }.max() ?? 0
          #expect(worst <= 3e-5 * largest, "\(geometry), backward \(backward): \(worst) of \(largest)")
        }
      }
    }
  }
#endif
