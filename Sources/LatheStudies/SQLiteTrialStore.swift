#if Tracking
  import Foundation
  import GRDB
  import LatheCore
  import LatheSearch

  /// Trials in an SQLite file, which processes share and a killed one leaves whole.
  ///
  /// A trial is begun in a transaction of its own, so that no two processes begin the same one. A running trial has a heartbeat;
  /// where its process is gone, or was silent for a minute, it becomes a failed one, and its configuration comes again.
  public final class SQLiteTrialStore: TrialStore {
    private let pool: DatabasePool
    private let path: String
    private let worker: String
    /// How long a heartbeat may be ago.
    private static let patience = 60.0
    /// How often one is due.
    public static let heartbeatInterval = 10.0

    /// Opens a file, or makes it.
    ///
    /// - Parameters:
    ///   - path: The file; SQLite keeps two others beside it.
    ///   - content: What is searched, as text; the file remembers it.
    /// - Throws: `LatheError` where the file cannot be opened, is none of these or holds another search.
    public init(_ path: String, content: String) throws {
      self.path = path
      worker = "\(ProcessInfo.processInfo.hostName):\(getpid())"
      var configuration = Configuration()
      configuration.busyMode = .timeout(30)
      pool = try Self.named(path) {
        let pool = try DatabasePool(path: path, configuration: configuration)
        try Self.migrator.migrate(pool)
        return pool
      }
      let known = try Self.named(path) {
        try pool.write { database in
          try database.execute(
            sql: "INSERT OR IGNORE INTO search (id, content) VALUES (1, ?)", arguments: [content])
          return try String.fetchOne(database, sql: "SELECT content FROM search") ?? ""
        }
      }
      guard known == content else {
        throw LatheError(
          .invalidArgument,
          "\(path): holds another search, with another command, space or goals; choose another output folder")
      }
    }

    private static var migrator: DatabaseMigrator {
      var migrator = DatabaseMigrator()
      migrator.registerMigration("trials") { database in
        try database.execute(
          sql: """
            CREATE TABLE search (id INTEGER PRIMARY KEY CHECK (id = 1), content TEXT NOT NULL);
            CREATE TABLE trial (
              number INTEGER PRIMARY KEY, state TEXT NOT NULL, configuration TEXT NOT NULL, vals TEXT NOT NULL,
              generation INTEGER, note TEXT NOT NULL, worker TEXT NOT NULL, began REAL NOT NULL, ended REAL,
              heartbeat REAL NOT NULL, retry_of INTEGER);
            CREATE TABLE report (
              trial INTEGER NOT NULL REFERENCES trial, step INTEGER NOT NULL, value REAL,
              PRIMARY KEY (trial, step)) WITHOUT ROWID;
            """)
      }
      return migrator
    }

    /// All trials, in order of their numbers.
    public func trials() throws -> [Trial] { try Self.named(path) { try pool.read { try Self.trials($0) } } }

    /// Adds a trial: what a lost process was at comes first, then what `choose` makes.
    public func begin(_ choose: ([Trial]) throws -> Trial?) throws -> Trial? {
      try Self.named(path) {
        try pool.writeWithoutTransaction { database in
          var result: Trial?
          try database.inTransaction(.immediate) {
            try failLost(database)
            let trials = try Self.trials(database)
            let lost = try Int.fetchOne(
              database,
              sql: """
                SELECT number FROM trial WHERE state = 'failed' AND note = ?
                AND number NOT IN (SELECT retry_of FROM trial WHERE retry_of IS NOT NULL) ORDER BY number LIMIT 1
                """, arguments: [Self.lostNote])
            if let lost, trials.indices.contains(lost) {
              result = Trial(
                number: trials.count, configuration: trials[lost].configuration,
                generation: trials[lost].generation)
            } else {
              result = try choose(trials)
            }
            guard let trial = result else { return .commit }
            let now = Date().timeIntervalSince1970
            try database.execute(
              sql: """
                INSERT INTO trial (number, state, configuration, vals, generation, note, worker, began, heartbeat, retry_of)
                VALUES (?, 'running', ?, '[]', ?, '', ?, ?, ?, ?)
                """,
              arguments: [
                trial.number, try Self.text(trial.configuration), trial.generation, worker, now, now, lost,
              ])
            return .commit
          }
          return result
        }
      }
    }

    /// Notes what a running trial measured.
    public func report(_ report: Trial.Report, of number: Int) throws {
      try change(number) { database in
        try database.execute(
          sql: "INSERT OR REPLACE INTO report (trial, step, value) VALUES (?, ?, ?)",
          arguments: [number, report.step, report.value])
      }
    }

    /// Ends a running trial.
    public func end(_ number: Int, _ state: Trial.State, values: [Double], note: String) throws {
      try change(number) { database in
        try database.execute(
          sql: "UPDATE trial SET state = ?, vals = ?, note = ?, ended = ? WHERE number = ?",
          arguments: [state.rawValue, try Self.text(values), note, Date().timeIntervalSince1970, number])
      }
    }

    /// Says that a trial is still being evaluated; due each `heartbeatInterval`.
    public func beat(_ number: Int) throws {
      try change(number) { database in
        try database.execute(
          sql: "UPDATE trial SET heartbeat = ? WHERE number = ?",
          arguments: [Date().timeIntervalSince1970, number])
      }
    }

    private func change(_ number: Int, _ body: (Database) throws -> Void) throws {
      try Self.named(path) {
        try pool.write { database in
          let state = try String.fetchOne(
            database, sql: "SELECT state FROM trial WHERE number = ?", arguments: [number])
          guard state == Trial.State.running.rawValue else {
            throw LatheError(.invalidArgument, "search: trial \(number) is not running")
          }
          try body(database)
        }
      }
    }

    /// The note of a trial whose process ended, which is begun again under another number.
    package static let lostNote = "its process ended"

    private func failLost(_ database: Database) throws {
      let now = Date().timeIntervalSince1970
      let host = ProcessInfo.processInfo.hostName
      for row in try Row.fetchAll(
        database, sql: "SELECT number, worker, heartbeat FROM trial WHERE state = 'running'")
      {
        let parts = (row["worker"] as String).split(separator: ":")
        let process = parts.last.flatMap { pid_t($0) } ?? 0
        let isHere = parts.first.map(String.init) == host
        let isGone = isHere && process > 0 && kill(process, 0) != 0 && errno == ESRCH
        guard isGone || now - (row["heartbeat"] as Double) > Self.patience else { continue }
        try database.execute(
          sql: "UPDATE trial SET state = 'failed', note = ?, ended = ? WHERE number = ?",
          arguments: [Self.lostNote, now, row["number"] as Int])
      }
    }

    private static func trials(_ database: Database) throws -> [Trial] {
      var trials: [Trial] = []
      for row in try Row.fetchAll(
        database,
        sql: "SELECT number, state, configuration, vals, generation, note FROM trial ORDER BY number")
      {
        let configuration: [String: SearchValue] = try read(row["configuration"])
        var trial = Trial(number: row["number"], configuration: configuration, generation: row["generation"])
        trial.state = Trial.State(rawValue: row["state"]) ?? .failed
        trial.values = try read(row["vals"])
        trial.note = row["note"]
        trials.append(trial)
      }
      for row in try Row.fetchAll(database, sql: "SELECT trial, step, value FROM report ORDER BY trial, step")
      {
        let number: Int = row["trial"]
        guard trials.indices.contains(number) else { continue }
        // SQLite has no NaN.
        let value: Double? = row["value"]
        trials[number].reports.append(Trial.Report(step: row["step"], value: value ?? .nan))
      }
      return trials
    }

    /// JSON with sorted keys.
    private static func text(_ value: some Encodable) throws -> String {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private static func read<Value: Decodable>(_ text: String) throws -> Value {
      try JSONDecoder().decode(Value.self, from: Data(text.utf8))
    }

    /// Names the file where SQLite complains.
    private static func named<Value>(_ path: String, _ body: () throws -> Value) throws -> Value {
      do { return try body() } catch let error as DatabaseError {
        throw LatheError(.file, "\(path): \(error.message ?? "SQLite's error \(error.resultCode)")")
      }
    }
  }
#endif
