#if OpenCL
  import COpenCL
  import LatheCore
  import Synchronization

  // What a code of a failed call means. Drivers say CL_OUT_OF_RESOURCES where memory is short, where a kernel takes too much,
  // and of a device that is lost: clFinish, which needs no memory, tells the last from the others.

  /// Whether a device is lost, which it then stays.
  final class DeviceLoss: Sendable {
    private let deviceName: String
    private let error = Mutex<LatheError?>(nil)

    init(deviceName: String) { self.deviceName = deviceName }

    /// What is wrong, nil as long as the device is there.
    var known: LatheError? { error.withLock { $0 } }

    /// The error for a device that failed so: the first one stays, since it says the most.
    func found(_ problem: String) -> LatheError {
      error.withLock { kept in
        if let kept { return kept }
        let found = LatheError(
          .device,
          "\(deviceName): the device is lost (\(problem)): the driver was reset, a kernel touched memory that is not its "
            + "own, or the device is gone; what it held is lost: start the program anew, a training run with --resume"
        )
        kept = found
        return found
      }
    }
  }

  extension OpenCLStatus {
    /// Whether a code may mean that memory ran out.
    static func isOutOfMemory(_ code: Int32) -> Bool {
      code == CL_MEM_OBJECT_ALLOCATION_FAILURE || code == CL_OUT_OF_RESOURCES || code == CL_OUT_OF_HOST_MEMORY
    }

    /// Whether a code is one that working devices never give for calls like ours; NVIDIA has -9999 for a kernel that
    /// touched what is not its own.
    static func isLoss(_ code: Int32) -> Bool {
      [
        CL_DEVICE_NOT_AVAILABLE, CL_INVALID_COMMAND_QUEUE, CL_INVALID_CONTEXT,
        CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST, -9999,
      ].contains(code)
    }
  }

  extension OpenCLBackend {
    /// A call that takes memory; where there is none, the same call once more after free buffers have gone back.
    ///
    /// Drivers have the memory of released buffers again once the work that used them is done.
    func withRoom(_ call: () -> cl_int) -> cl_int {
      let status = call()
      guard OpenCLStatus.isOutOfMemory(status), loss.known == nil else { return status }
      pool.emptyCache()
      guard cl.clFinish(queue.handle) == CL_SUCCESS else { return status }
      return call()
    }

    /// The error for a call that failed; a launch asks for no bytes.
    func failure(_ what: String, _ status: cl_int, bytes: Int) -> LatheError {
      if let known = loss.known { return known }
      if let copy = uploads?.problem { return loss.found("copy to the device: \(OpenCLStatus.name(copy))") }
      let problem = "\(what): \(OpenCLStatus.name(status))"
      if OpenCLStatus.isLoss(status) || cl.clFinish(queue.handle) != CL_SUCCESS { return loss.found(problem) }
      // Where memory is left, a launch was refused for what its kernel takes.
      let mayBeKernel = status == CL_OUT_OF_RESOURCES && bytes == 0 && pool.bytesTaken < pool.limit / 2
      if OpenCLStatus.isOutOfMemory(status) && !mayBeKernel { return pool.outOfMemory(bytes) }
      return LatheError(.device, "\(info.index) (\(info.name)): \(problem)")
    }
  }
#endif
