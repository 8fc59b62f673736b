import Foundation
import LatheCore
import LatheML
import LatheSearch

/// What `lathe search` reads from its file.
struct SearchPlan {
  /// The arguments of `lathe` that every trial begins with.
  let command: [String]
  let goals: [SearchGoal]
  let space: SearchSpace
  let sampler: any SearchSampler
  let pruner: (any Pruner)?
  let seed: UInt64
  /// What the file of trials remembers, to tell searches apart.
  let content: String

  private struct Content: Decodable {
    var command: [String]
    var goals: [[String: String]]
    var sampler: String?
    var pruner: String?
    var first: Int?
    var last: Int?
    var factor: Int?
    var seed: UInt64?
  }

  /// Options of a run that are the search's own, or with which nothing is trained.
  private static let ownOptions: Set<String> = [
    "output", "json", "resume", "help", "version", "dry_run", "find_learning_rate",
  ]

  private static let keys: Set<String> = [
    "command", "goals", "space", "sampler", "pruner", "first", "last", "factor", "seed",
  ]

  init(_ path: String) throws {
    let file = try RegularFile(path)
    guard file.size <= 1 << 20 else {
      throw LatheError(.format, "\(path): \(file.size) bytes; a file of a search has less than 1 MB")
    }
    let data = Data(try file.read(file.size, at: 0))
    do { try self.init(data) } catch let error as LatheError {
      throw LatheError(error.kind, "\(path): \(error.message)")
    }
  }

  private init(_ data: Data) throws {
    func wrong(_ message: String) -> LatheError { LatheError(.invalidArgument, message) }
    let parsed: Any
    do { parsed = try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed) } catch {
      throw LatheError(.format, "not JSON: \(JSONFault.text(error, in: data))")
    }
    guard let object = parsed as? [String: Any] else { throw LatheError(.format, "not a JSON object") }
    if let unknown = object.keys.sorted().first(where: { !Self.keys.contains($0) }) {
      throw wrong("\"\(unknown)\" is none of \(Self.keys.sorted().joined(separator: ", "))")
    }
    guard let space = object["space"] else { throw wrong("there is no \"space\"; see docs/search.md") }
    let content: Content
    do { content = try JSONDecoder().decode(Content.self, from: data) } catch DecodingError.keyNotFound(
      let key, _)
    {
      throw wrong("there is no \"\(key.stringValue)\"; see docs/search.md")
    } catch let error as DecodingError {
      throw wrong("\(Self.place(error)) is not of the kind that docs/search.md says")
    }
    guard content.command.first == "train" else {
      throw wrong("\"command\" begins with \"train\": the arguments of `lathe` for one run")
    }
    if let bad = content.command.first(where: { ["--output", "--json", "--resume"].contains($0) }) {
      throw wrong("\"command\" has \(bad), which each trial gets by itself")
    }
    command = content.command
    self.space = try SearchSpace(json: try JSONSerialization.data(withJSONObject: space))
    if let own = self.space.parameters.map(\.name).first(where: {
      Self.ownOptions.contains($0.replacingOccurrences(of: "-", with: "_"))
    }) {
      throw wrong(
        "\"space\" has \"\(own)\", which is no setting to search: the search says it, or it ends a run early")
    }
    goals = try content.goals.map { goal in
      guard goal.count == 1, let (direction, name) = goal.first, ["minimize", "maximize"].contains(direction)
      else { throw wrong("a goal is {\"minimize\": NAME} or {\"maximize\": NAME}") }
      return direction == "maximize" ? .maximize(name) : .minimize(name)
    }
    guard !goals.isEmpty else { throw wrong("\"goals\" is empty; name one figure of the runs at least") }
    seed = content.seed ?? 0
    sampler = try Self.sampler(content.sampler ?? "tpe")
    pruner = try Self.pruner(content)
    let remembered: [String: Any] = [
      "command": content.command, "goals": content.goals, "space": space,
    ]
    self.content = String(
      decoding: try JSONSerialization.data(withJSONObject: remembered, options: .sortedKeys), as: UTF8.self)
  }

  private static func place(_ error: DecodingError) -> String {
    switch error {
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
      .dataCorrupted(let context):
      "\"\(context.codingPath.first?.stringValue ?? "it")\""
    @unknown default: "it"
    }
  }

  private static func sampler(_ name: String) throws -> any SearchSampler {
    switch name {
    case "tpe": TPESampler()
    case "random": RandomSampler()
    case "grid": GridSampler()
    case "cmaes": CMAESSampler()
    case "gaussian_process": GaussianProcessSampler()
    default:
      throw LatheError(
        .invalidArgument, "the sampler \"\(name)\" is none of tpe, random, grid, cmaes and gaussian_process")
    }
  }

  private static func pruner(_ content: Content) throws -> (any Pruner)? {
    func wrong(_ message: String) -> LatheError { LatheError(.invalidArgument, message) }
    let (first, factor) = (content.first ?? 1, content.factor ?? 3)
    guard first >= 1, factor >= 2 else { throw wrong("\"first\" is at least 1, and \"factor\" at least 2") }
    switch content.pruner ?? "none" {
    case "none": return nil
    case "median": return MedianPruner(warmupSteps: content.first ?? 0)
    case "halving": return SuccessiveHalvingPruner(firstRung: first, reductionFactor: factor)
    case "hyperband":
      guard let last = content.last, last >= first else {
        throw wrong("hyperband needs \"last\": the epochs of a whole run, at least \(first)")
      }
      return HyperbandPruner(steps: first...last, reductionFactor: factor)
    case let name: throw wrong("the pruner \"\(name)\" is none of none, median, halving and hyperband")
    }
  }
}
