import LatheCore

/// How a model was found, and what it is worth; as JSON it is `report.json`.
public struct AutoMLReport: Sendable, Codable {
  /// A model that was compared.
  public struct Entry: Sendable, Codable {
    /// Its kind.
    public var family: ModelFamily
    /// The kind with its settings.
    public var name: String
    /// The metric, the mean of all parts.
    public var score: Double
    /// The metric of each part.
    public var foldScores: [Double]
    /// Seconds of its evaluation.
    public var seconds: Double
    /// Rows that it was compared by.
    public var rows: Int
  }

  /// One of the models that answer in the end.
  public struct Member: Sendable, Codable {
    /// The kind with its settings.
    public var name: String
    /// What it counts.
    public var weight: Double
  }

  /// The score by how many rows were learned from.
  public struct CurvePoint: Sendable, Codable {
    /// Rows that were learned from.
    public var rows: Int
    /// The metric of others.
    public var score: Double
  }

  /// Rows that the model is wrong on more often than on others.
  public struct Slice: Sendable, Codable {
    /// The column and its values.
    public var name: String
    /// How many rows.
    public var rows: Int
    /// Their share of wrong answers, or their mean absolute error.
    public var error: Double
  }

  /// What a step of cleaning did.
  public struct CleaningStep: Sendable, Codable {
    /// What it is called.
    public var name: String
    /// Why it takes rows out.
    public var reason: String
    /// How many rows it took out.
    public var removed: Int
    /// What a person should know.
    public var notes: [String]
    /// The first rows and why; the first row of the file is 1.
    public var examples: [String]
  }

  /// A row whose class is probably wrong.
  public struct Suspect: Sendable, Codable {
    /// Its number in the file; the first is 1.
    public var row: Int
    /// The class that it has.
    public var label: String
    /// The class that it looks like.
    public var suggested: String
    /// The probability of its own class, by models that did not learn from it.
    public var probability: Double
  }

  /// The test on rows that were not looked at before.
  public struct Test: Sendable, Codable {
    /// How many rows.
    public var rows: Int
    /// Scores by name.
    public var figures: [String: Double]
    /// How often the rows were read.
    public var reads: Int
  }

  /// The version of this form.
  public var version = 1
  /// The column that is predicted.
  public var target: String
  /// Classes or numbers.
  public var task: AutoML.Task
  /// The classes in their order.
  public var classes: [String]
  /// What models were compared by.
  public var metric: AutoMLMetric
  /// What random choices depend on.
  public var seed: UInt64
  /// Rows of the file, to learn from, and left out by why.
  public var rowsRead: Int
  /// Rows to learn from.
  public var rowsLearned: Int
  /// Rows left out, by why.
  public var rowsLeftOut: [String: Int]
  /// What cleaning did.
  public var cleaning: [CleaningStep]
  /// Rows to learn from whose class is probably wrong, the least probable first.
  public var suspects: [Suspect]
  /// What a person should know.
  public var notes: [String]
  /// What always the most frequent class, or the mean, would score.
  public var baseline: Double
  /// The models, best first.
  public var leaderboard: [Entry]
  /// How many models were compared.
  public var evaluated: Int
  /// `single`, `mean` or `stacked`.
  public var kind: String
  /// The models that answer in the end.
  public var members: [Member]
  /// The metric of what was chosen, by rows that it did not learn from.
  public var score: Double
  /// How probabilities were made right: `temperature`, `platt` or `isotonic`; nil where they are as models say them.
  public var calibration: String?
  /// What the logarithms of probabilities are divided by.
  public var temperature: Double
  /// The probability above which the second of two classes is told.
  public var threshold: Double
  /// The score by how many rows were learned from.
  public var learningCurve: [CurvePoint]
  /// What `slices` measure of all rows.
  public var error: Double
  /// Where the model is wrong most.
  public var slices: [Slice]
  /// The test; nil where there is none.
  public var test: Test?
  /// Seconds in all, and the limit.
  public var seconds: Double
  /// Seconds that were allowed.
  public var timeLimit: Double
  /// Whether somebody ended the search.
  public var wasStopped: Bool
  /// Bytes of the stored model.
  public var modelBytes: Int
  /// Seconds for the prediction of a row.
  public var latency: Double
  /// Whether the limits of size and latency hold.
  public var limitsHold: Bool
  /// Models that could not be trained, and why.
  public var failures: [String]
}
