/// What a model's output says of an example.
public enum OutputKind: String, Sendable, Hashable, Codable {
  /// Logits [..., classes], compared with class indices.
  case classes
  /// Numbers, compared with as many numbers.
  case numbers
}
