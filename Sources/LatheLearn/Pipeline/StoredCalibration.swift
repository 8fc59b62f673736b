import LatheCore

/// A `CalibratedClassifier` in a file: its members are models as others are.
struct StoredCalibration: Codable {
  struct Member: Codable {
    /// Alone in a list, since a model may hold others.
    var model: [TableModelFile.Model]
    var platt: [PlattCalibration]?
    var isotonic: [IsotonicRegression]?
    var temperature: TemperatureScaling?
  }

  var classes: Int
  var members: [Member]

  init(_ model: CalibratedClassifier) throws {
    classes = model.classes
    members = try model.members.map { member in
      var own = Member(model: [try TableModelFile.Model(member.model)])
      switch member.curve {
      case .platt(let curves): own.platt = curves
      case .isotonic(let curves): own.isotonic = curves
      case .temperature(let factor): own.temperature = factor
      }
      return own
    }
  }

  /// - Throws: `LatheError.format` where members do not fit each other.
  func model() throws -> CalibratedClassifier {
    func expect(_ holds: Bool, _ message: String) throws {
      if !holds { throw LatheError(.format, "calibrated: \(message)") }
    }
    try expect(classes >= 2 && !members.isEmpty, "\(classes) classes and \(members.count) models")
    let models = try members.map { member -> CalibratedClassifier.Member in
      try expect(member.model.count == 1, "a member holds \(member.model.count) models, not one")
      let own = try member.model[0].estimator()
      let curve: CalibratedClassifier.Curve
      switch (member.platt, member.isotonic, member.temperature) {
      case (let curves?, nil, nil):
        try expect(isCount(curves.count), "\(curves.count) curves for \(classes) classes")
        curve = .platt(curves)
      case (nil, let curves?, nil):
        try expect(
          isCount(curves.count) && curves.allSatisfy(\.isSound),
          "steps do not rise, or are not of \(classes) classes")
        curve = .isotonic(curves)
      case (nil, nil, let factor?): curve = .temperature(factor)
      default: throw LatheError(.format, "calibrated: a member has not one way to make probabilities")
      }
      try expect(own.shape.classes == classes, "a model of \(own.shape.classes) classes, not of \(classes)")
      // What is asked of rows must be there and as wide as the curves; the table's model checks the columns.
      let probe = FeatureMatrix(
        [Double](repeating: 0, count: own.shape.columns), rows: 1, columns: own.shape.columns)
      let width = own.calibrationScores(probe, curve.method)?.count
      let curves = member.platt?.count ?? member.isotonic?.count
      try expect(width != nil && (curves == nil || curves == width), "curves do not fit the model's scores")
      return .init(model: own, curve: curve)
    }
    try expect(Set(models.map(\.model.shape.columns)).count == 1, "models of different columns")
    return CalibratedClassifier(members: models, classes: classes)
  }

  /// One curve of two classes, or one of each.
  private func isCount(_ curves: Int) -> Bool { curves == classes || (classes == 2 && curves == 1) }
}
