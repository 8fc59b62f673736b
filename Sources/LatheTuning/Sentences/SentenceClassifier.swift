import Foundation
import Lathe
import LatheCore
import LatheFiles
import LatheLanguage
import LatheLearn

/// A logistic regression on the vectors of texts, stored beside the encoder as `head.json`.
struct SentenceHead: Codable {
  let classes: [String]
  private let model: LogisticRegression

  static let fileName = "head.json"

  /// The head of labelled texts; nil for others.
  ///
  /// - Throws: `LatheError` where a text cannot be encoded.
  init?(of encoder: SentenceEncoder, _ examples: SentenceExamples) throws {
    guard let labels = examples.labels else { return nil }
    classes = examples.classes
    let numbers = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, Double($0)) })
    let rows = try Self.rows(encoder, examples.texts.map { $0[0] }, batchSize: 32)
    let data = LabelledRows(rows, labels.map { numbers[$0] ?? 0 })
    model = try LogisticRegression.train(data)
  }

  /// Reads `head.json`.
  ///
  /// - Throws: `LatheError` where it is damaged or of another encoder.
  init(folder: String, width: Int) throws {
    let path = "\(folder)/\(Self.fileName)"
    let bytes = try FileErrors.read(path, limit: 1 << 28)
    do { self = try JSONDecoder().decode(SentenceHead.self, from: Data(bytes)) } catch {
      throw LatheError(.format, "\(path): not the head of a classifier of texts; train it anew")
    }
    let outputs = classes.count == 2 ? 1 : classes.count
    guard classes.count > 1, model.coefficients.count == outputs, model.intercepts.count == outputs,
      model.coefficients.allSatisfy({ $0.count == width })
    else { throw LatheError(.format, "\(path): not the head of vectors of \(width) elements; train it anew") }
  }

  func write(to folder: String) throws { try JSONRecord.write(self, to: "\(folder)/\(Self.fileName)") }

  private static func rows(
    _ encoder: SentenceEncoder, _ texts: [String], batchSize: Int
  ) throws -> FeatureMatrix {
    let values = try encoder.encode(texts, batchSize: batchSize).scalars(as: Float.self)
    let width = encoder.width
    return FeatureMatrix(
      texts.indices.map { row in values[row * width..<(row + 1) * width].map { Double($0) } })
  }

  func probabilities(
    _ encoder: SentenceEncoder, _ texts: [String], batchSize: Int
  ) throws -> [[Float]] {
    let found = model.probabilities(try Self.rows(encoder, texts, batchSize: batchSize))
    return texts.indices.map { row in
      found[row * classes.count..<(row + 1) * classes.count].map { Float($0) }
    }
  }
}

/// Tells classes of texts by a sentence encoder and a logistic regression on its vectors.
public final class SentenceClassifier: TextClassifying {
  /// Makes the vectors.
  public let encoder: SentenceEncoder
  private let head: SentenceHead

  init(encoder: SentenceEncoder, head: SentenceHead) { (self.encoder, self.head) = (encoder, head) }

  /// Loads the model of a run that learned from labelled texts.
  ///
  /// - Parameters:
  ///   - folder: The run's folder.
  ///   - device: Where it computes.
  /// - Throws: `LatheError` where the run has not ended or learned from other texts, or a file is damaged.
  public convenience init(run folder: String, device: Device = .default) throws {
    let model = "\(folder)/\(SentenceEncoderTraining.modelFolder)"
    guard FileErrors.exists(model) else {
      throw LatheError(.file, "\(folder): the run has not ended yet; go on with --resume")
    }
    guard FileErrors.exists("\(model)/\(SentenceHead.fileName)") else {
      throw LatheError(
        .invalidArgument,
        "\(folder): this sentence encoder learned from no labels, and tells no classes; make vectors with lathe embed --model \(model)"
      )
    }
    let encoder = try SentenceEncoder(pretrained: model, device: device)
    self.init(encoder: encoder, head: try SentenceHead(folder: model, width: encoder.width))
  }

  /// The classes' names.
  public var classes: [String] { head.classes }

  /// The probability of each class for each text.
  ///
  /// - Throws: `LatheError` where there are second texts, or a text cannot be encoded.
  public func probabilities(_ texts: [String], pairs: [String]?, batchSize: Int) throws -> [[Float]] {
    guard pairs == nil else {
      throw LatheError(.invalidArgument, "a sentence encoder tells classes of single texts, not of pairs")
    }
    return try head.probabilities(encoder, texts, batchSize: batchSize)
  }
}
