import Foundation
import Synchronization

/// A server on the loopback that plays the part of a hub: it answers questions by a function of the test.
package final class HubServer: Sendable {
  /// What was asked.
  package struct Question: Sendable {
    /// The path with what stands behind it.
    package var path: String
    /// The headers, their names in small letters.
    package var headers: [String: String]

    /// The first byte that is wanted.
    package var start: Int {
      headers["range"].flatMap { Int($0.dropFirst("bytes=".count).prefix { $0 != "-" }) } ?? 0
    }
  }

  /// What is answered.
  package struct Answer: Sendable {
    package var status = 200
    package var headers: [String] = []
    package var body: [UInt8] = []
    /// How many bytes of the body are sent before the connection is cut; all where nil.
    package var cut: Int?

    package init(status: Int = 200, headers: [String] = [], body: [UInt8] = [], cut: Int? = nil) {
      (self.status, self.headers, self.body, self.cut) = (status, headers, body, cut)
    }
  }

  /// The beginning of its URLs.
  package let endpoint: String
  private let socket: Int32
  private let log = Mutex<[Question]>([])
  private let answer: @Sendable (Question) -> Answer

  /// The questions so far.
  package var questions: [Question] { log.withLock { $0 } }

  /// Starts it on a free port.
  package init(_ answer: @escaping @Sendable (Question) -> Answer) throws {
    self.answer = answer
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isReady = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, length) == 0 && listen(socket, 16) == 0 && getsockname(socket, $0, &length) == 0
      }
    }
    guard isReady else { throw POSIXError(.EADDRNOTAVAIL) }
    self.socket = socket
    endpoint = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
    let thread = Thread { [weak self] in
      while true {
        let connection = accept(socket, nil, nil)
        guard connection >= 0, let self else { return }
        self.serve(connection)
        close(connection)
      }
    }
    thread.start()
  }

  deinit {
    shutdown(socket, Int32(SHUT_RDWR))
    close(socket)
  }

  private func serve(_ connection: Int32) {
    var head: [UInt8] = []
    var byte = [UInt8](repeating: 0, count: 1)
    while !head.suffix(4).elementsEqual([13, 10, 13, 10]), head.count < 65536 {
      guard recv(connection, &byte, 1, 0) == 1 else { return }
      head.append(byte[0])
    }
    let lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n")
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(
        in: .whitespaces)
    }
    let words = (lines.first ?? "").split(separator: " ")
    let question = Question(path: words.count > 1 ? String(words[1]) : "", headers: headers)
    log.withLock { $0.append(question) }
    let answer = answer(question)
    let lineEnds =
      ["HTTP/1.1 \(answer.status) X", "Content-Length: \(answer.body.count)", "Connection: close"]
      + answer.headers
    var bytes = Array((lineEnds.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    bytes += answer.body.prefix(answer.cut ?? answer.body.count)
    var done = 0
    while done < bytes.count {
      let sent = bytes[done...].withUnsafeBytes {
        send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard sent > 0 else { return }
      done += sent
    }
  }
}

/// A model on a hub: its files, as a hub lists and sends them.
package struct HubModel: Sendable {
  /// Its files by path.
  package var files: [String: [UInt8]]
  package var commit = "0123456789abcdef0123456789abcdef01234567"
  /// By path the digest that the list says; for those that have one.
  package var digests: [String: String]

  package init(_ files: [String: [UInt8]], digests: [String: String] = [:]) {
    self.files = files
    self.digests = digests
  }

  /// The list of its files.
  package var list: [UInt8] {
    let parts = files.sorted { $0.key < $1.key }.map { path, bytes in
      let large =
        digests[path].map { #","lfs":{"sha256":"\#($0)","size":\#(bytes.count),"pointerSize":130}"# } ?? ""
      return #"{"rfilename":"\#(path)","size":\#(bytes.count),"blobId":"x"\#(large)}"#
    }
    return Array(#"{"id":"o/n","sha":"\#(commit)","siblings":[\#(parts.joined(separator: ","))]}"#.utf8)
  }

  /// The answer of a hub that has this model alone.
  package func answer(_ question: HubServer.Question) -> HubServer.Answer {
    if question.path.hasPrefix("/api/models/owner/name/revision/") { return .init(body: list) }
    let prefix = "/owner/name/resolve/\(commit)/"
    guard question.path.hasPrefix(prefix), let bytes = files[String(question.path.dropFirst(prefix.count))]
    else {
      return .init(status: 404)
    }
    let start = question.start
    guard start > 0 else { return .init(body: bytes) }
    guard start < bytes.count else { return .init(status: 416) }
    return .init(
      status: 206, headers: ["Content-Range: bytes \(start)-\(bytes.count - 1)/\(bytes.count)"],
      body: Array(bytes[start...]))
  }
}
