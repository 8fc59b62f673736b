#if CommandLine
  import ArgumentParser
  import LatheML

  /// What commands say of the entities in texts by a fine-tuned network.
  struct TaggedAnswers {
    private let tagger: TokenTagger

    /// Whether a path is the folder of such a run.
    static func isModel(_ path: String) -> Bool { TokenClassifierPlan.isStored(in: path) }

    /// Loads the model of a run.
    ///
    /// - Throws: `LatheError` where a file is damaged.
    init(_ folder: String, _ device: Device) throws { tagger = try TokenTagger(run: folder, device: device) }

    /// The entities of a text.
    private struct Line: Encodable {
      var input: String
      var entities: [FoundEntity]
    }

    /// Writes the entities of each text.
    ///
    /// - Throws: `LatheError` where a text cannot be encoded.
    func write(_ texts: [String], as format: PredictCommand.Format) throws {
      if format == .csv { Terminal.output("input,type,start,end,text,score") }
      for start in stride(from: 0, to: texts.count, by: 256) {
        let part = Array(texts[start..<min(start + 256, texts.count)])
        for (text, entities) in zip(part, try tagger.entities(in: part)) {
          switch format {
          case .json: try Terminal.output(json: Line(input: text, entities: entities))
          case .csv:
            for entity in entities {
              Terminal.output(
                "\(PredictionWriter.field(text)),\(PredictionWriter.field(entity.type)),\(entity.start),\(entity.end),\(PredictionWriter.field(entity.text)),\(entity.score)"
              )
            }
          case .table:
            Terminal.output(printable(text))
            if entities.isEmpty { Terminal.output("  no entities") }
            for entity in entities {
              Terminal.output(
                "  " + Terminal.left(printable(entity.type), 12)
                  + Terminal.left("\(entity.start)..<\(entity.end)", 12)
                  + Terminal.fixed(entity.score, 4) + "  " + printable(entity.text))
            }
          }
        }
      }
    }

    /// Tests on tagged sentences.
    ///
    /// - Throws: `LatheError` where the file cannot be used or has types that the model has not.
    func test(_ path: String) throws -> TokenClassifierReport {
      try TokenClassifierReport(of: tagger, on: TaggedSentences(path: path))
    }

    /// Writes the model without adapters.
    ///
    /// - Throws: `LatheError` where the adapter is no update of weights or a file cannot be written.
    func writeMerged(to folder: String) throws { try tagger.writeMerged(to: folder) }
  }
#endif
