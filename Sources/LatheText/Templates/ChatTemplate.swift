import Foundation
import LatheCore

/// The functions that every template can call.
enum TemplateGlobals {
  static let functions: [String: TemplateValue] = Dictionary(
    uniqueKeysWithValues: [
      TemplateFunction(name: "range", body: range),
      TemplateFunction(name: "namespace") { call, _ in
        guard call.positional.isEmpty else {
          throw call.position.failure(
            .unsupported, "namespace with values that have no names is not supported")
        }
        return .namespace(TemplateNamespace(TemplateDictionary(call.named)))
      },
      TemplateFunction(name: "dict") { call, _ in
        guard call.positional.isEmpty else {
          throw call.position.failure(.unsupported, "dict with values that have no names is not supported")
        }
        return .dictionary(TemplateDictionary(call.named))
      },
      TemplateFunction(name: "raise_exception") { call, _ in
        let message = call.argument(0, "message")?.text ?? ""
        throw call.position.failure(.invalidArgument, "the template refuses this conversation: \(message)")
      },
    ].map { ($0.name, TemplateValue.function($0)) })

  private static func range(_ call: TemplateFunction.Call, _ run: TemplateRun) throws -> TemplateValue {
    let bounds = try call.positional.map { value in
      guard let whole = value.wholeNumber else { throw call.position.failure("range of \(value.kind)") }
      return whole
    }
    guard (1...3).contains(bounds.count), call.named.isEmpty else {
      throw call.position.failure("range takes one to three whole numbers")
    }
    let (start, end) = bounds.count == 1 ? (0, bounds[0]) : (bounds[0], bounds[1])
    let step = bounds.count == 3 ? bounds[2] : 1
    guard step != 0 else { throw call.position.failure("range with steps of 0") }
    guard start.magnitude < 1 << 40, end.magnitude < 1 << 40, step.magnitude < 1 << 40,
      (end - start) / step <= 100_000
    else { throw call.position.failure("range of more than 100000 numbers") }
    return .list(stride(from: start, to: end, by: step).map { .integer($0) })
  }

  /// The time now in a format of C's strftime.
  static func time(_ seconds: Int) -> TemplateFunction {
    TemplateFunction(name: "strftime_now") { call, _ in
      guard case .string(let format)? = call.argument(0, "format"), format.utf8.count < 256, !format.isEmpty
      else {
        throw call.position.failure("strftime_now needs a format of at most 255 bytes")
      }
      var moment = time_t(seconds)
      var parts = tm()
      localtime_r(&moment, &parts)
      var bytes = [CChar](repeating: 0, count: 4096)
      let count = strftime(&bytes, bytes.count, format, &parts)
      return .string(String(decoding: bytes.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
  }
}

/// What a model's files say of how a conversation becomes text: the part of Jinja2 that such templates use.
public struct ChatTemplate: Sendable {
  /// One contribution to a conversation.
  public struct Message: Sendable, Equatable {
    /// Who speaks: `system`, `user` or `assistant`.
    public var role: String
    /// What is said.
    public var content: String

    /// A contribution.
    public init(role: String, content: String) {
      self.role = role
      self.content = content
    }
  }

  private let statements: [TemplateStatement]
  /// The most bytes that a conversation may become.
  public var outputLimit = 1 << 26

  /// Reads a template.
  ///
  /// - Throws: `LatheError` with line and column of what is wrong or not supported.
  public init(_ source: String) throws {
    guard source.utf8.count <= 1 << 22 else {
      throw LatheError(
        .format, "chat template: \(source.utf8.count) bytes are more than the \(1 << 22) that it may have")
    }
    statements = try TemplateParser.parse(source)
  }

  /// The text of a conversation.
  ///
  /// - Parameters:
  ///   - messages: What has been said.
  ///   - addsGenerationPrompt: Whether the text ends where the assistant's answer begins.
  ///   - variables: Further variables of the template, such as `bos_token`, `eos_token`, `tools`.
  ///   - seconds: The time that `strftime_now` tells, in seconds since 1970.
  /// - Throws: `LatheError` with line and column where the template cannot be followed, and what it refuses itself.
  public func render(
    _ messages: [Message], addsGenerationPrompt: Bool = true, variables: [String: TemplateValue] = [:],
    seconds: Int? = nil
  ) throws -> String {
    let list = messages.map { message in
      TemplateValue.dictionary(
        TemplateDictionary([("role", .string(message.role)), ("content", .string(message.content))]))
    }
    var all = variables
    all["messages"] = .list(list)
    all["add_generation_prompt"] = .bool(addsGenerationPrompt)
    return try render(variables: all, seconds: seconds)
  }

  /// The text that the template makes of variables alone.
  public func render(variables: [String: TemplateValue], seconds: Int? = nil) throws -> String {
    var all = variables
    all["strftime_now"] = .function(TemplateGlobals.time(seconds ?? Int(Date().timeIntervalSince1970)))
    return try TemplateRun(variables: all, outputLimit: outputLimit).render(statements)
  }
}
