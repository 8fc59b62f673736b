import CCurl
import Foundation
import LatheCore

/// One question to a server, by libcurl.
struct HTTPTransfer {
  /// The answer's head.
  struct Answer {
    /// The status; 0 where the connection was lost before there was one.
    var status = 0
    /// The headers of the last answer, their names in small letters.
    var headers: [String: String] = [:]
    /// Why the answer is not complete; nil where it is.
    var failure: String?
  }

  /// Seconds without a byte after which a connection counts as lost.
  private static let patience = 30

  /// What the callbacks work on.
  private final class Reception {
    var answer = Answer()
    var error: (any Error)?
    let body: (Answer, UnsafeRawBufferPointer) throws -> Void

    init(_ body: @escaping (Answer, UnsafeRawBufferPointer) throws -> Void) { self.body = body }

    func take(_ line: String) {
      // Each redirect has a head of its own.
      if line.hasPrefix("HTTP/") { return answer.headers = [:] }
      guard let colon = line.firstIndex(of: ":") else { return }
      let value = line[line.index(after: colon)...].drop { $0 == " " }.reversed().drop { $0.isWhitespace }
        .reversed()
      answer.headers[line[..<colon].lowercased()] = String(value)
    }
  }

  /// Asks for a page.
  ///
  /// - Parameters:
  ///   - url: Where it is.
  ///   - headers: Lines "Name: value".
  ///   - body: Takes the answer's head and the next of its bytes.
  /// - Returns: The answer's head, also where its end is missing.
  /// - Throws: `LatheError.file` where libcurl is not installed, and what `body` throws.
  static func get(
    _ url: String, headers: [String], body: (Answer, UnsafeRawBufferPointer) throws -> Void
  ) throws -> Answer {
    guard lathe_http_available() != 0 else {
      throw LatheError(
        .file,
        "\(url): libcurl.so.4 is not installed; install the package libcurl4, or fetch the files by other means "
          + "and add them with `lathe models add`")
    }
    return try withoutActuallyEscaping(body) { body in
      let reception = Reception(body)
      let context = Unmanaged.passUnretained(reception).toOpaque()
      var result = lathe_http_result()
      let lines = headers.map { strdup($0) }
      defer { for line in lines { free(line) } }
      let pointers = lines.map { UnsafePointer($0) } + [nil]
      url.withCString { url in
        pointers.withUnsafeBufferPointer { pointers in
          var request = lathe_http_request()
          request.url = url
          request.headers = pointers.baseAddress
          request.only_https = strncmp(url, "https:", 6) == 0 ? 1 : 0
          request.patience = patience
          request.context = context
          request.body = { context, status, bytes, count in
            guard let context else { return 0 }
            let reception = Unmanaged<Reception>.fromOpaque(context).takeUnretainedValue()
            do {
              reception.answer.status = status
              try reception.body(reception.answer, UnsafeRawBufferPointer(start: bytes, count: count))
              return count
            } catch {
              reception.error = error
              return count == 0 ? 1 : 0
            }
          }
          request.line = { context, bytes, count in
            guard let context else { return }
            let line = String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
            Unmanaged<Reception>.fromOpaque(context).takeUnretainedValue().take(line)
          }
          lathe_http_get(&request, &result)
        }
      }
      withExtendedLifetime(reception) {}
      if let error = reception.error { throw error }
      reception.answer.status = result.status
      if result.code != 0 {
        reception.answer.failure = withUnsafeBytes(of: result.message) { bytes in
          String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
      }
      return reception.answer
    }
  }
}
