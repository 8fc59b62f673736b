#if CommandLine
  import LatheML

  /// Scorecards of the command, and what a stored model says of rows besides its answers.
  enum TableScorecard {
    /// A card of rows as a model.
    ///
    /// - Parameter good: The class that is good.
    /// - Throws: `LatheError.invalidArgument` where the target has not two classes, or none of them is said to be good.
    static func model(_ table: Table, target: String, good: String?) throws -> TableModel {
      let classes = try Pipeline.checkTarget(table[target], .logisticRegression())
      guard let good else {
        throw LatheError(
          .invalidArgument,
          "--good is not given; say which class of '\(target)' is good: \(classes.prefix(20).joined(separator: ", "))"
        )
      }
      return try Scorecard(table, target: target, good: good).tableModel(classes)
    }

    /// A scorecard's points and reasons, and rules that decided.
    struct Answers {
      /// The points of each row; nil without a scorecard.
      let points: [Double]?
      /// The columns in which each row lost most.
      let reasons: [[String]]?
      private let rules: [ExpertRule?]?
      private static let reasonCount = 3

      init(_ model: TableModel, _ table: Table) throws {
        points = try model.scorecard?.points(table)
        reasons = try model.scorecard?.reasons(table, count: Self.reasonCount).map { $0.map(\.column) }
        rules = model.rules.isEmpty ? nil : try model.decidingRules(table)
      }

      /// The names of the fields in CSV.
      var names: [String] {
        (points == nil ? [] : ["points"] + (1...Self.reasonCount).map { "reason_\($0)" })
          + (rules == nil ? [] : ["rule"])
      }

      /// Why the rule that decided a row does so, or its condition; nil where the model decided.
      func rule(_ row: Int) -> String? { rules?[row].map { $0.reason ?? $0.condition } }

      /// The fields of a row in CSV.
      func fields(_ row: Int) -> [String] {
        var result: [String] = []
        if let points {
          let own = reasons?[row] ?? []
          result = ["\(points[row])"] + (0..<Self.reasonCount).map { $0 < own.count ? own[$0] : "" }
        }
        return result + (rules == nil ? [] : [rule(row) ?? ""])
      }
    }
  }

  extension TrainTableCommand.Kind {
    /// Features as the model takes them: counts are not scaled.
    func prepared(_ features: ColumnTransformer) -> ColumnTransformer {
      guard self == .multinomialBayes else { return features }
      var result = features
      for place in result.parts.indices { result.parts[place].steps.removeAll { $0 == .standardScale } }
      return result
    }
  }
#endif
