#if CommandLine
  import ArgumentParser
  import LatheML

  /// What commands say of texts by a fine-tuned classifier.
  struct TextAnswers {
    private let classifier: any TextClassifying
    /// Of a network that was fine-tuned as a classifier; nil of a sentence encoder with a regression on its vectors.
    private let plan: TextClassifierPlan?

    /// Whether a path is the folder of such a run.
    static func isModel(_ path: String) -> Bool {
      TextClassifierPlan.isStored(in: path) || SentenceEncoderPlan.isStored(in: path)
    }

    /// Loads the model of a run.
    ///
    /// - Throws: `LatheError` where a file is damaged.
    init(_ folder: String, _ device: Device) throws {
      if SentenceEncoderPlan.isStored(in: folder) {
        (classifier, plan) = (try SentenceClassifier(run: folder, device: device), nil)
      } else {
        classifier = try TextClassifier(run: folder, device: device)
        plan = try TextClassifierPlan(folder: folder)
      }
    }

    /// Writes the probabilities of each text.
    ///
    /// - Throws: `LatheError` where a text cannot be encoded.
    func write(_ texts: [String], to writer: inout PredictionWriter) throws {
      for start in stride(from: 0, to: texts.count, by: 256) {
        let part = Array(texts[start..<min(start + 256, texts.count)])
        let (first, second) = try parted(part, start)
        for (text, row) in zip(part, try classifier.probabilities(first, pairs: second)) {
          try writer.write(name: text, probabilities: row, of: classifier.classes)
        }
      }
    }

    /// The two texts of each line, which a tab parts, where the model tells pairs apart.
    private func parted(_ lines: [String], _ start: Int) throws -> (texts: [String], pairs: [String]?) {
      guard plan?.pairColumn != nil else { return (lines, nil) }
      let fields = lines.map { $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init) }
      if let place = fields.firstIndex(where: { $0.count != 2 }) {
        throw LatheError(
          .format,
          "text \(start + place + 1): \(counted(fields[place].count, "fields")) between tabs; the model tells pairs apart, so give a text, a tab and the second text"
        )
      }
      return (fields.map { $0[0] }, fields.map { $0[1] })
    }

    /// Tests on labelled texts.
    ///
    /// - Throws: `LatheError` where the file cannot be used or has classes that the model has not.
    func test(_ path: String) throws -> TextClassifierReport {
      try TextClassifierReport(
        of: classifier,
        on: LabelledDocuments(
          path: path, text: plan?.textColumn, label: plan?.labelColumn, pair: plan?.pairColumn))
    }

    /// Writes the model without adapters.
    ///
    /// - Throws: `LatheError` where the adapter is no update of weights or a file cannot be written.
    func writeMerged(to folder: String) throws {
      guard let classifier = classifier as? TextClassifier else {
        throw LatheError(
          .invalidArgument,
          "a run of a sentence encoder has no adapter left to merge: its whole model is the folder \(SentenceEncoderTraining.modelFolder) in it"
        )
      }
      try classifier.writeMerged(to: folder)
    }
  }
#endif
