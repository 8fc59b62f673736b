import Glibc
import Lathe
import LatheCore

// Ends with OpenCL work under way, of which nothing is read: the exit code shows whether a process may do that.
// `scripts/check-process-end.sh` runs it many times.

/// What is under way when `main` returns.
enum Pending: String, CaseIterable {
  /// Short chains of element-wise operations in the queue.
  case chains
  /// These, and a thread that compiles one new program after the other and queues it.
  case programs
}

func fail(_ message: String) -> Never {
  writeToStandardError(message)
  exit(2)
}

/// Queues chains of a few programs over rows of different lengths.
func queueChains(_ count: Int, on device: Device) throws {
  let rows = (0..<4).map { Tensor.full([1 << 16 | $0 << 10], 1.5, device: device) }
  for number in 0..<count {
    let x = rows[number % rows.count]
    let chain = number % 3 == 0 ? x * 0.5 + 1 : number % 3 == 1 ? (x + 1).relu() : x.square() - x
    try chain.computed()
  }
}

/// Compiles programs that no cache knows, until the process ends.
func compileForEver(on device: Device) {
  let x = Tensor.full([1 << 12], 1.5, device: device)
  var round = UInt64(getpid()) << 32
  while true {
    round += 1
    let text = """
      __kernel void pending(__global const float *x, __global float *y) {
        const size_t i = get_global_id(0);
        float value = x[i];
        for (int k = 0; k < 64; k++) value = value * 0.5f + (float)(\(round)UL % 97UL + k);
        y[i] = value;
      }
      """
    let operation = CustomOperation(
      "pending", results: { $0 },
      openCL: { inputs, _ in
        [
          OpenCLLaunch(
            source: text, kernel: "pending", arguments: [.input(0), .output(0)], global: [inputs[0].count])
        ]
      })
    // While the process ends, the device refuses work; that is no error of this program.
    guard (try? operation(x).computed()) != nil else { return }
  }
}

// The first to be registered is called last: what a runtime's threads still do then meets that the runtime's objects
// are destroyed, also where the process would have been gone before.
atexit { usleep(300_000) }

let words = CommandLine.arguments.dropFirst()
guard words.count == 1, let pending = words.first.flatMap(Pending.init) else {
  fail("usage: ProcessEndCheck \(Pending.allCases.map(\.rawValue).joined(separator: "|"))")
}
guard let device = Device.all.dropFirst().first else { fail("ProcessEndCheck: no OpenCL device") }
do {
  if pending == .programs, !startThread(named: "compiling", { compileForEver(on: device) }) {
    fail("ProcessEndCheck: the system gives no thread")
  }
  try queueChains(640, on: device)
} catch {
  fail("ProcessEndCheck: \(error)")
}
// At another moment of the other thread's work each time.
if pending == .programs { usleep(UInt32.random(in: 1_000..<300_000)) }
