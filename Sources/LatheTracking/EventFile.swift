import Foundation
import Lathe
import LatheFiles

/// A file of TensorBoard's events: records framed by their length and masked CRC32C, as TensorFlow's `TFRecord`.
///
/// Field numbers are those of `tensorflow/core/util/event.proto` and `framework/summary.proto`.
public final class EventFile {
  /// Where the file is.
  public let path: String
  private let descriptor: Int32

  /// Starts a file with a name that TensorBoard finds, in a folder that is made where it is missing.
  ///
  /// - Throws: `LatheError.file`.
  public init(folder: String) throws {
    try AtomicFile.makeFolder(folder)
    var host = [CChar](repeating: 0, count: 256)
    gethostname(&host, host.count - 1)
    let name = String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let second = Int(Date().timeIntervalSince1970)
    // A file of its own, also where another was started in the same second.
    var number = 0
    var opened: (path: String, descriptor: Int32)
    repeat {
      let path = "\(folder)/events.out.tfevents.\(second).\(name).\(getpid()).\(number)"
      opened = (path, open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o644))
      number += 1
    } while opened.descriptor < 0 && errno == EEXIST
    guard opened.descriptor >= 0 else { throw FileErrors.failed("write", opened.path) }
    (path, descriptor) = opened
    try event(step: 0) { $0.string(3, "brain.Event:2") }
  }

  deinit { close(descriptor) }

  /// Numbers by tag.
  public func scalars(_ values: [(tag: String, value: Double)], step: Int) throws {
    try summary(step: step) { summary in
      for (tag, value) in values {
        summary.message(1) {
          $0.string(1, tag)
          $0.float(2, Float(value))
        }
      }
    }
  }

  /// How values are distributed.
  public func histogram(_ tag: String, _ values: [Float], step: Int) throws {
    let bins = HistogramBins(values)
    try summary(step: step) { summary in
      summary.message(1) {
        $0.string(1, tag)
        $0.message(5) {
          $0.double(1, bins.minimum)
          $0.double(2, bins.maximum)
          $0.double(3, Double(bins.count))
          $0.double(4, bins.sum)
          $0.double(5, bins.squares)
          $0.doubles(6, bins.limits)
          $0.doubles(7, bins.counts)
        }
      }
    }
  }

  /// A picture: row-major bytes of 1 (grey) or 3 (RGB) channels.
  public func image(_ tag: String, pixels: [UInt8], width: Int, height: Int, channels: Int = 1, step: Int)
    throws
  {
    let file = PNG.encode(pixels, width: width, height: height, channels: channels)
    try summary(step: step) { summary in
      summary.message(1) {
        $0.string(1, tag)
        $0.message(4) {
          $0.int(1, height)
          $0.int(2, width)
          $0.int(3, channels)
          $0.bytes(4, file)
        }
      }
    }
  }

  /// Text, shown as Markdown.
  public func text(_ tag: String, _ text: String, step: Int) throws {
    try summary(step: step) { summary in
      summary.message(1) {
        $0.string(1, "\(tag)/text_summary")
        $0.message(8) {
          $0.int(1, 7)
          $0.message(2) { $0.message(2) { $0.int(1, 1) } }
          $0.string(8, text)
        }
        $0.message(9) { $0.message(1) { $0.string(1, "text") } }
      }
    }
  }

  /// The run's settings, for TensorBoard's table of hyper-parameters.
  public func hyperparameters(_ values: [(name: String, value: String)], group: String) throws {
    var content = ProtobufMessage()
    content.int(1, 0)
    content.message(3) { info in
      for (name, value) in values {
        info.message(1) {
          $0.string(1, name)
          $0.message(2) { field in
            if let number = Double(value) { field.double(2, number) } else { field.string(3, value) }
          }
        }
      }
      info.string(4, group)
      info.double(5, Date().timeIntervalSince1970)
    }
    let bytes = content.bytes
    try summary(step: 0) { summary in
      summary.message(1) {
        $0.string(1, "_hparams_/session_start_info")
        // TensorBoard wants a tensor in every such value: an empty one of floats.
        $0.message(8) {
          $0.int(1, 1)
          $0.message(2) { $0.message(2) { $0.int(1, 0) } }
        }
        $0.message(9) {
          $0.message(1) {
            $0.string(1, "hparams")
            $0.bytes(2, bytes)
          }
        }
      }
    }
  }

  private func summary(step: Int, _ body: (inout ProtobufMessage) -> Void) throws {
    try event(step: step) { $0.message(5, body) }
  }

  private func event(step: Int, _ body: (inout ProtobufMessage) -> Void) throws {
    var message = ProtobufMessage()
    message.double(1, Date().timeIntervalSince1970)
    message.int(2, step)
    body(&message)
    let length = ByteOrder.little(UInt64(message.bytes.count))
    try append(
      length + ByteOrder.little(CRC32C.masked(length)) + message.bytes
        + ByteOrder.little(CRC32C.masked(message.bytes)))
  }

  private func append(_ record: [UInt8]) throws {
    var done = 0
    while done < record.count {
      let part = record.withUnsafeBytes {
        write(descriptor, $0.baseAddress.map { $0 + done }, record.count - done)
      }
      if part < 0 && errno == EINTR { continue }
      guard part > 0 else { throw FileErrors.failed("write", path) }
      done += part
    }
  }
}

/// Counts of values in bins that grow by a tenth each, as TensorFlow's histograms.
struct HistogramBins {
  private(set) var minimum = Double.infinity, maximum = -Double.infinity
  private(set) var count = 0
  private(set) var sum = 0.0, squares = 0.0
  private(set) var limits: [Double] = []
  private(set) var counts: [Double] = []

  private static let edges: [Double] = {
    var positive: [Double] = []
    var edge = 1e-12
    while edge < 1e20 {
      positive.append(edge)
      edge *= 1.1
    }
    return positive.reversed().map { -$0 } + [0] + positive + [.greatestFiniteMagnitude]
  }()

  /// Values that are not finite are left out.
  init(_ values: [Float]) {
    let edges = HistogramBins.edges
    var all = [Double](repeating: 0, count: edges.count)
    for value in values where value.isFinite {
      let number = Double(value)
      minimum = min(minimum, number)
      maximum = max(maximum, number)
      count += 1
      sum += number
      squares += number * number
      // The first edge not below the number.
      var (low, high) = (0, edges.count - 1)
      while low < high {
        let middle = (low + high) / 2
        if edges[middle] < number { low = middle + 1 } else { high = middle }
      }
      all[low] += 1
    }
    if count == 0 { (minimum, maximum) = (0, 0) }
    // Runs of empty bins at both ends are left out but for one each.
    let first = all.firstIndex { $0 > 0 } ?? 0
    let last = all.lastIndex { $0 > 0 } ?? 0
    let range = max(first - 1, 0)...min(last + 1, edges.count - 1)
    limits = Array(edges[range])
    counts = Array(all[range])
  }
}
