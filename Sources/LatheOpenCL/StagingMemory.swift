#if OpenCL
  import COpenCL
  import LatheCore
  import Synchronization

  /// Host memory that holds what `write` was given until the device has taken it.
  ///
  /// Pieces are kept by size class and used again once their event is complete; where the limit is reached, those of
  /// other sizes make room.
  final class StagingMemory: Sendable {
    struct Piece: @unchecked Sendable {
      // Unchecked: one owner at a time: the list, or the write that fills it.
      let pointer: UnsafeMutableRawPointer
      let capacity: Int
    }

    private struct State: @unchecked Sendable {
      // Unchecked: reached through the mutex alone.
      /// By size.
      var free: [Int: [Piece]] = [:]
      var waiting: [(piece: Piece, event: cl_event)] = []
      var held = 0
    }

    private let state = Mutex(State())

    /// Larger writes go straight from the caller's memory.
    static let largestPiece = 32 << 20
    /// The most bytes held; beyond it a write waits.
    static let limit = 128 << 20

    deinit {
      state.withLock { state in
        for (piece, event) in state.waiting {
          var handle: cl_event? = event
          _ = cl.clWaitForEvents(1, &handle)
          _ = cl.clReleaseEvent(event)
          piece.pointer.deallocate()
        }
        for pieces in state.free.values { for piece in pieces { piece.pointer.deallocate() } }
      }
    }

    /// Memory for `byteCount` bytes, or nil where the caller should write without it.
    func piece(_ byteCount: Int) -> Piece? {
      guard byteCount <= StagingMemory.largestPiece else { return nil }
      let capacity = BufferPool.sizeClass(byteCount).size
      return state.withLock { state in
        reclaim(&state)
        if let piece = state.free[capacity]?.popLast() { return piece }
        makeRoom(for: capacity, &state)
        guard state.held + capacity <= StagingMemory.limit else { return nil }
        state.held += capacity
        return Piece(pointer: .allocate(byteCount: capacity, alignment: 64), capacity: capacity)
      }
    }

    /// Takes a piece back when `event` is complete; owns the event.
    func inFlight(_ piece: Piece, until event: cl_event) {
      state.withLock { $0.waiting.append((piece, event)) }
    }

    /// Takes back a piece that no command uses.
    func discard(_ piece: Piece) { state.withLock { $0.free[piece.capacity, default: []].append(piece) } }

    /// Frees pieces that wait for writes of other sizes, the largest first, until another one fits.
    private func makeRoom(for capacity: Int, _ state: inout State) {
      while state.held + capacity > StagingMemory.limit, let size = state.free.keys.max() {
        guard let piece = state.free[size]?.popLast() else {
          state.free[size] = nil
          continue
        }
        piece.pointer.deallocate()
        state.held -= size
      }
    }

    private func reclaim(_ state: inout State) {
      // Events complete in the order of the queue.
      var done = 0
      for (piece, event) in state.waiting {
        var execution: cl_int = 0
        let status = cl.clGetEventInfo(
          event, cl_event_info(CL_EVENT_COMMAND_EXECUTION_STATUS), MemoryLayout<cl_int>.size, &execution, nil)
        guard status != CL_SUCCESS || execution <= CL_COMPLETE else { break }
        _ = cl.clReleaseEvent(event)
        state.free[piece.capacity, default: []].append(piece)
        done += 1
      }
      state.waiting.removeFirst(done)
    }
  }
#endif
