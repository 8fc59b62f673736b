#if Tracking
  import DataTestSupport
  import LatheCore
  import LatheSearch
  import LatheStudies
  import Testing

  /// Trials in a file.
  @Suite("Files of trials") struct StoreTests {
    private let folder: TemporaryFolder
    private let space: SearchSpace

    init() throws {
      folder = try TemporaryFolder()
      space = try SearchSpace([
        SearchParameter("x", .uniform(0...1)), SearchParameter("n", .integer(1...4)),
        SearchParameter("kind", .choice(["a", 1, true])),
      ])
    }

    private func store(_ content: String = "one") throws -> SQLiteTrialStore {
      try SQLiteTrialStore(folder.file("search.sqlite"), content: content)
    }

    @Test("A study in a file is the one in memory, also when it is opened again")
    func same() throws {
      func run(_ store: any TrialStore, _ count: Int) throws -> [Trial] {
        let study = try Study(space, goals: [.minimize("f")], store: store, seed: 2)
        try study.run(trials: count) { trial in
          if trial.number == 3 { throw LatheError(.training, "a \"reason\"") }
          try trial.report(trial.number == 4 ? .nan : 0.5, step: 2)
          try trial.report(1, step: 1)
          return [trial.configuration["x"]?.number ?? 0]
        }
        return try study.trials()
      }
      let memory = try run(MemoryTrialStore(), 24)
      _ = try run(try store(), 12)
      let file = try run(try store(), 12)
      #expect(file.map(\.configuration) == memory.map(\.configuration))
      #expect(file.map(\.values) == memory.map(\.values) && file.map(\.state) == memory.map(\.state))
      #expect(file[3].note == memory[3].note && file[5].reports == memory[5].reports)
      #expect(file[4].reports.map(\.step) == [1, 2] && file[4].reports[1].value.isNaN)
      #expect(throws: LatheError.self) { try store("another") }
    }

    @Test("Two openings share trials, and no number is there twice")
    func shared() async throws {
      let stores = [try store(), try store()]
      try await withThrowingTaskGroup(of: Void.self) { group in
        for store in stores {
          let study = try Study(space, goals: [.minimize("f")], store: store)
          group.addTask { try study.run(trials: 30) { [$0.configuration["x"]?.number ?? 0] } }
        }
        try await group.waitForAll()
      }
      let trials = try stores[0].trials()
      #expect(trials.map(\.number) == Array(0..<60) && trials.allSatisfy { $0.state == .complete })
      #expect(throws: LatheError.self) { try stores[1].beat(3) }
    }

    @Test("What is no file of trials is an error that names it")
    func notOne() throws {
      let path = try folder.write(Array("not a database, but a text that is long enough".utf8), "text.sqlite")
      let message =
        "\(#expect(throws: LatheError.self) { try SQLiteTrialStore(path, content: "") }?.message ?? "")"
      #expect(message.contains("text.sqlite"))
      #expect(throws: LatheError.self) { try SQLiteTrialStore(folder.file("no/such/folder"), content: "") }
    }
  }
#endif
