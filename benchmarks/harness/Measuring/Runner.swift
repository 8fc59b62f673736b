import Lathe

/// Runs workloads on devices, each row checked before it is measured.
///
/// Samples of one workload are taken in turns on all devices, so that whatever else the machine does meets all of
/// them. A device whose driver fails ends its own rows only.
public final class Runner {
  private let devices: [Device]
  private let budget: MeasuringBudget
  /// The roofs of each device, in the order of the devices; nil where they could not be measured.
  public private(set) var roofs: [Roofs?]
  /// Why a device takes no further part, by its place in the list.
  public private(set) var deaths: [Int: String] = [:]
  /// Asked between samples whether to end.
  public var shouldStop: () -> Bool = { false }
  /// Told what a device failed with.
  public var onNote: (String) -> Void = { _ in }
  /// Told each row once it is finished.
  public var onRow: (Row) -> Void = { _ in }

  /// A runner for some devices.
  public init(devices: [Device], budget: MeasuringBudget) {
    self.devices = devices
    self.budget = budget
    roofs = devices.map { _ in nil }
  }

  /// Measures what each device can do at all.
  public func measureRoofs(isQuick: Bool) {
    for (index, device) in devices.enumerated() where !shouldStop() {
      do {
        roofs[index] = try Roofs(measuring: device, isQuick: isQuick)
      } catch {
        onNote("\(device): its roofs cannot be measured: \(error)")
        look(index, after: error)
      }
    }
  }

  /// Runs workloads in order; returns their rows, those finished so far where it was stopped.
  public func run(_ workloads: [Workload]) -> [Row] {
    var rows: [Row] = []
    for workload in workloads {
      if shouldStop() { break }
      for row in run(workload) {
        rows.append(row)
        onRow(row)
      }
    }
    return rows
  }

  private func run(_ workload: Workload) -> [Row] {
    var outcomes: [Int: Row.Outcome] = [:]
    var samplers: [(index: Int, sampler: Sampler, error: Double)] = []
    for (index, device) in devices.enumerated() {
      if let death = deaths[index] {
        outcomes[index] = .failed("not run: \(device) failed before: \(death)")
        continue
      }
      do {
        let trial = try workload.prepare(device)
        let error = try trial.check()
        guard error <= trial.tolerance else {
          outcomes[index] = .failed(Runner.wrong(error, tolerance: trial.tolerance))
          continue
        }
        var sampler = Sampler(trial, on: device)
        try sampler.warmUp(budget)
        samplers.append((index, sampler, error))
      } catch {
        outcomes[index] = .failed("\(error)")
        look(index, after: error)
      }
    }
    while samplers.contains(where: { outcomes[$0.index] == nil }) {
      if shouldStop() { return [] }
      for place in samplers.indices where outcomes[samplers[place].index] == nil {
        let index = samplers[place].index
        do {
          try samplers[place].sampler.sample()
          guard samplers[place].sampler.isDone(budget) else { continue }
          let figures = try samplers[place].sampler.figures(
            relativeError: samplers[place].error, work: workload.work, roofs: roofs[index])
          outcomes[index] = .measured(
            try checked(figures, of: samplers[place].sampler.work(workload.work), index))
        } catch {
          outcomes[index] = .failed("\(error)")
          look(index, after: error)
        }
      }
    }
    samplers = []
    // The next workload's memory should not depend on what this one left in the pools.
    for device in devices { device.emptyCache() }
    return devices.enumerated().map { index, device in
      Row(
        suite: workload.suite.rawValue, operation: workload.operation, shape: workload.shape,
        dtype: workload.dtype.description, device: device.name, profile: device.info.kernelProfile,
        work: workload.work, outcome: outcomes[index] ?? .failed("not run"))
    }
  }

  /// Figures with the roof measured again beside the row where the row came out above it: the machine may have been
  /// busy when the roofs were measured first.
  private func checked(_ figures: Row.Figures, of work: Work, _ index: Int) throws -> Row.Figures {
    guard let share = figures.roof, share.share > 1, let known = roofs[index] else { return figures }
    let better = try known.measuredAgain(share.roof, on: devices[index])
    roofs[index] = better
    var figures = figures
    figures.roof = better.share(of: work, seconds: figures.median)
    return figures
  }

  /// Finds out whether a device that threw can still do anything.
  private func look(_ index: Int, after error: any Error) {
    do {
      let one = Tensor([1] as [Float], device: devices[index])
      guard try (one + one).item() == 2 else {
        throw LatheError(.device, "\(devices[index]): 1 + 1 is not 2 any more")
      }
    } catch {
      deaths[index] = "\(error)"
      onNote("\(devices[index]): failed for good, its other rows are left out: \(error)")
    }
  }

  private static func wrong(_ error: Double, tolerance: Double) -> String {
    "wrong result: relative error \(Format.error(error)), allowed \(Format.error(tolerance))"
  }
}
