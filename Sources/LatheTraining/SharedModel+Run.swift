import LatheNN

extension SharedModel where Content == Model {
  /// Takes the trained network of a run over, such as one of `Model.load(run:)`.
  public convenience init(_ model: sending Model) {
    model.network.eval()
    self.init(inEvalMode: model)
  }
}
