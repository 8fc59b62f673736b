import LatheNN

extension SharedModel where Content == Model {
  /// Takes the trained network of a run over, such as one of `Model.load(run:)`.
  ///
  /// - Parameter model: The model, whose network nothing else refers to.
  public convenience init(_ model: sending Model) {
    model.network.eval()
    self.init(inEvalMode: model)
  }
}
