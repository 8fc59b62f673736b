#if OpenCL
  import COpenCL
  import LatheCore

  extension OpenCLBackend: RoofProbe {
    package var copyWays: Int { 2 }

    /// By a kernel, or by the driver.
    package func probeCopy(from: Buffer, to: Buffer, way: Int) throws {
      let source = unsafeDowncast(from, to: OpenCLBuffer.self).memory
      let target = unsafeDowncast(to, to: OpenCLBuffer.self).memory
      if way == 1 {
        let bytes = min(from.byteCount, to.byteCount)
        let status = afterArrival(at: source, target) { count, waits in
          cl.clEnqueueCopyBuffer(queue.handle, source, target, 0, 0, bytes, count, waits, nil)
        }
        guard status == CL_SUCCESS else { throw failure("copy of \(bytes) bytes", status, bytes: bytes) }
        queue.markers.advance()
        return
      }
      let vectors = min(from.byteCount, to.byteCount) / (profile == .cpu ? 64 : 16)
      let items = profile == .cpu ? (vectors + 1023) / 1024 : vectors
      try launchRoof("copy_vectors", [.memory(source), .memory(target), .long(vectors)], items: items)
    }

    package func probeMultiplyAdds(rounds: Int) throws -> Double {
      let out = try multiplyAdds(rounds: rounds)
      return Double(out.byteCount / 4) * 12 * 2 * Double(rounds)
    }

    /// Runs the multiply-adds: of each lane of each work-item the sum of its 12.
    package func multiplyAdds(rounds: Int) throws -> Buffer {
      let lanes = profile == .cpu ? vectors.lanes : 4
      let out = try pool.allocate(roofItems * lanes * 4)
      try launchRoof(
        "multiply_adds", [.memory(out.memory), .float(0.999), .float(0.001), .int(rounds)], items: roofItems)
      return out
    }

    /// Work-items that compute multiply-adds.
    package var roofItems: Int { info.computeUnits * (profile == .cpu ? 4 : 2048) }

    package func probeLaunch() throws {
      let unused = try pool.allocate(4)
      try launchRoof("nothing", [.memory(unused.memory)], items: info.computeUnits)
    }

    private func launchRoof(_ function: String, _ arguments: [KernelArgument], items: Int) throws {
      let local = profile == .cpu ? 1 : 64
      let kernel = try kernel(.file("roofs.cl"), function, ["LOCAL": .int(local)])
      try launch(kernel, arguments, global: (items, 1, 1), local: (local, 1, 1))
    }
  }
#endif
