/// A backend that can show how fast its device is at all, so that benchmarks can say how close kernels come.
package protocol RoofProbe: Backend {
  /// How many ways of copying there are.
  var copyWays: Int { get }

  /// Starts copying the first buffer over the second in one of the ways, nothing else in mind.
  func probeCopy(from: Buffer, to: Buffer, way: Int) throws

  /// Starts loops of independent float32 multiply-adds on all cores; returns the floating-point operations.
  ///
  /// - Parameter rounds: How often each loop turns.
  func probeMultiplyAdds(rounds: Int) throws -> Double

  /// Starts a kernel that does nothing on all cores.
  func probeLaunch() throws
}
