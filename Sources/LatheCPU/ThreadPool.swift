import CPUKernels
import LatheCore

/// The worker threads of the CPU path.
///
/// There is one pool for each process, as large as the cores that the process may use; `LATHE_THREADS` sets another size.
package final class ThreadPool: Sendable {
  /// The pool.
  package static let shared = ThreadPool()

  /// Ranges of a long job for each thread.
  private static let rangesForThread = 16

  /// Threads that work on a job, the calling one included.
  package let threadCount: Int

  private init() {
    var wanted = lathe_allowed_cores()
    if let count = environment("LATHE_THREADS").flatMap({ Int($0) }), count > 0 {
      wanted = min(count, EnvironmentRules.mostThreads)
    }
    threadCount = wanted > 1 ? 1 + lathe_pool_start(wanted - 1) : 1
  }

  /// Runs `body` over ranges that together make up `0..<count`, on several threads where that pays.
  ///
  /// A range has at least `grain` elements but for the last. How `count` is cut depends on `count`, `grain` and
  /// the number of threads alone, never on timing; a nested call, or one made while another thread uses the
  /// pool, runs the same ranges one after the other on the calling thread.
  package func parallelFor(_ count: Int, grain: Int, _ body: (Range<Int>) -> Void) {
    if count <= 0 { return }
    let grain = max(grain, 1)
    if threadCount == 1 || count <= grain {
      body(0..<count)
      return
    }
    // Several ranges for each thread, so that a thread that was late, slower or interrupted does not hold up the others.
    let parts = threadCount * Self.rangesForThread
    let wanted = (count + parts - 1) / parts
    let size = (max(wanted, grain) + grain - 1) / grain * grain
    let chunks = (count + size - 1) / size
    if chunks == 1 {
      body(0..<count)
      return
    }
    withoutActuallyEscaping(body) { body in
      var job = Job(count: count, size: size, missing: lathe_workspace_reports(), body: body)
      withUnsafeMutablePointer(to: &job) { job in
        let started = lathe_pool_run(
          chunks, { context, chunk in context?.assumingMemoryBound(to: Job.self).pointee.run(chunk) }, job)
        if !started {
          for chunk in 0..<chunks { job.pointee.run(chunk) }
        }
      }
    }
  }

  private struct Job {
    let count: Int
    let size: Int
    /// Where the operation that the job belongs to notes a lack of scratch memory.
    let missing: UnsafeMutablePointer<Int>?
    let body: (Range<Int>) -> Void

    func run(_ chunk: Int) {
      let outer = lathe_workspace_report_to(missing)
      defer { lathe_workspace_report_to(outer) }
      body(chunk * size..<min((chunk + 1) * size, count))
    }
  }
}
