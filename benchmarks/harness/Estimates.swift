import BenchmarkEstimates
import Foundation

/// What a model expects of workloads on cards that it knows (`make check-gpu-code`): estimates, no measurements.
public struct Estimates: Sendable {
  /// A card with the time of each workload.
  package struct Card: Codable, Sendable {
    /// The card's name for readers.
    package var title: String
    /// What names of such devices begin with or hold.
    package var names: [String]
    /// Microseconds of a run by suite, operation, shape and element type.
    package var microseconds: [String: Double]

    package init(title: String, names: [String], microseconds: [String: Double]) {
      self.title = title
      self.names = names
      self.microseconds = microseconds
    }
  }

  private struct File: Codable {
    var cards: [Card]
  }

  /// What names of problems of `lathe tune` begin with.
  static let tuning = "tune/"

  private let cards: [Card]

  /// The estimates that come with the program.
  public static let shipped: Estimates = {
    let data = Data(String(cString: lathe_gpu_estimates()).utf8)
    do {
      return Estimates(cards: try JSONDecoder().decode(File.self, from: data).cards)
    } catch {
      preconditionFailure("benchmarks/estimates/gpu-estimates.json: \(error)")
    }
  }()

  package init(cards: [Card]) { self.cards = cards }

  /// The card that a device is taken for: the model knows the kernels of the `gpu` profile.
  private func card(_ device: RunHead.DeviceHead) -> Card? {
    card(named: device.name, profile: device.profile)
  }

  private func card(named name: String, profile: String?) -> Card? {
    guard profile == "gpu" else { return nil }
    return cards.first { card in card.names.contains { name.contains($0) } }
  }

  /// The seconds of a problem of `lathe tune` with the built-in parameters, on a device that is known by its name.
  public func seconds(ofTuning problem: String, on name: String, profile: String?) -> Double? {
    card(named: name, profile: profile)?.microseconds[Self.tuning + problem].map { $0 * 1e-6 }
  }

  /// The line in front of a table for each device that is known.
  package func lines(_ devices: [RunHead.DeviceHead]) -> [String] {
    devices.compactMap { device in
      card(device).map {
        "estimates \(device.index): of \($0.title), by a model (benchmarks/gpu-estimates.md)"
      }
    }
  }

  /// The cell of each row: the estimate, and how many times as long the row took.
  package struct Column {
    private var cards: [String: Card] = [:]

    package init(_ estimates: Estimates, _ devices: [RunHead.DeviceHead]) {
      for device in devices { cards[device.index] = estimates.card(device) }
    }

    /// Whether any device is known; else there is no such column.
    package var isThere: Bool { !cards.isEmpty }

    package func cell(_ row: Row) -> String {
      let name = [row.suite, row.operation, row.shape, row.dtype].joined(separator: "/")
      guard row.profile == "gpu", let figures = row.figures,
        let microseconds = cards[row.device]?.microseconds[name], microseconds > 0
      else { return "-" }
      let ratio = Format.significant(figures.median * 1e6 / microseconds)
      return "\(Format.seconds(microseconds * 1e-6)), took \(ratio) x"
    }
  }
}
