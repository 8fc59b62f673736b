import Foundation
import Lathe
import LatheCore
import LatheFiles
import LatheFormats

/// The checkpoints in a run's folder: pairs of `checkpoint-STEP.safetensors` and `checkpoint-STEP.json`.
///
/// A checkpoint counts only with a JSON file that is whole and whose size and checksum fit the tensors, so one that was
/// half written or damaged is noticed. The newest ones are kept.
struct CheckpointStore {
  /// The run's folder.
  let folder: String

  /// A JSON file's content: the state and the checksum of its text.
  private struct Envelope: Codable {
    var checksum: UInt32
    var state: TrainingState
  }

  /// The part of a JSON file that every version has.
  private struct Versioned: Decodable {
    struct State: Decodable { var version: Int }
    var state: State
  }

  /// Where a checkpoint's tensors are.
  func path(step: Int, _ type: String = "safetensors") -> String {
    let digits = String(step)
    let padding = String(repeating: "0", count: max(0, 8 - digits.count))
    return "\(folder)/checkpoint-\(padding)\(digits).\(type)"
  }

  /// The steps of which there is a checkpoint, newest first.
  var steps: [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.compactMap { name in
      guard name.hasPrefix("checkpoint-"), name.hasSuffix(".json") else { return nil }
      return Int(name.dropFirst("checkpoint-".count).dropLast(".json".count))
    }.sorted(by: >)
  }

  /// Writes a checkpoint, then removes all but the newest `keeping`.
  func save(_ state: TrainingState, tensors: [(name: String, tensor: Tensor)], keeping: Int) throws {
    var state = state
    (state.tensorBytes, state.tensorChecksum) = try Safetensors.store(tensors, to: path(step: state.step))
    let envelope = Envelope(checksum: try CheckpointStore.checksum(state), state: state)
    try AtomicFile.write(
      [Array(CheckpointStore.encoder.encode(envelope))], to: path(step: state.step, "json"))
    for old in steps.filter({ $0 < state.step }).dropFirst(keeping - 1) {
      unlink(path(step: old, "json"))
      unlink(path(step: old))
    }
  }

  /// The newest checkpoint that is whole; nil where there is none at all.
  ///
  /// - Parameters:
  ///   - device: Where its tensors are read to.
  ///   - check: What is wrong with a state besides what is wrong in any run; nil where nothing is.
  ///   - note: Called with a line for each newer one that had to be left out.
  /// - Throws: `LatheError` where there are checkpoints but none is whole, or the device has no room for one.
  func newest(
    on device: Device, check: (TrainingState) -> String? = { _ in nil }, note: (String) -> Void
  ) throws -> (state: TrainingState, tensors: Safetensors)? {
    let steps = self.steps
    for step in steps {
      do {
        return try load(step, device, check)
      } catch let error as LatheError where error.kind != .outOfMemory && error.kind != .device {
        note("\(error.message)\(step == steps.last ? "" : "; using the checkpoint before it")")
      }
    }
    guard steps.isEmpty else {
      throw LatheError(
        .format, "\(folder): none of its \(steps.count) checkpoints can be used; start anew in another folder"
      )
    }
    return nil
  }

  private func load(
    _ step: Int, _ device: Device, _ check: (TrainingState) -> String?
  ) throws -> (TrainingState, Safetensors) {
    let file = path(step: step, "json")
    let text = try FileErrors.read(file, limit: 1 << 26)
    let envelope: Envelope
    do {
      try JSONNesting.check(text, file)
      let version = try JSONDecoder().decode(Versioned.self, from: Data(text)).state.version
      guard version == TrainingState.currentVersion else {
        throw LatheError(
          .format,
          "\(file): a checkpoint of version \(version); this program reads \(TrainingState.currentVersion); train the "
            + "model anew")
      }
      envelope = try JSONDecoder().decode(Envelope.self, from: Data(text))
    } catch let error as LatheError {
      throw error
    } catch {
      throw LatheError(.format, "\(file): corrupt checkpoint: not the JSON of a training state")
    }
    let state = envelope.state
    guard try CheckpointStore.checksum(state) == envelope.checksum, state.step == step else {
      throw LatheError(.format, "\(file): corrupt checkpoint: the checksum does not fit")
    }
    if let problem = state.problem ?? check(state) {
      throw LatheError(.format, "\(file): corrupt checkpoint: \(problem)")
    }
    return (state, try tensors(of: state, path(step: step), device))
  }

  private func tensors(of state: TrainingState, _ file: String, _ device: Device) throws -> Safetensors {
    if let size = FileErrors.size(of: file), size != state.tensorBytes {
      throw LatheError(.format, "\(file): corrupt checkpoint: \(size) bytes, expected \(state.tensorBytes)")
    }
    let tensors: Safetensors
    do {
      tensors = try Safetensors(path: file, device: device)
    } catch let error as LatheError where error.kind == .format {
      throw LatheError(.format, "\(error.message): corrupt checkpoint")
    }
    guard tensors.checksum == state.tensorChecksum else {
      throw LatheError(.format, "\(file): corrupt checkpoint: the checksum does not fit")
    }
    return tensors
  }

  /// Removes what a run that was killed while writing left behind; to be called by who has the folder's lock.
  func removeLeftovers() {
    let names = [
      "checkpoint-", "model.", "best.", "config.json", "data.json", "metrics.jsonl", "report.html",
      "learning-rate.json",
      AtomicFile.probeName,
    ]
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    where name.contains(TemporaryFile.mark) && names.contains(where: name.hasPrefix) {
      unlink("\(folder)/\(name)")
    }
  }

  private static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    return encoder
  }

  private static func checksum(_ state: TrainingState) throws -> UInt32 {
    CRC32.checksum([Array(try encoder.encode(state))])
  }
}
