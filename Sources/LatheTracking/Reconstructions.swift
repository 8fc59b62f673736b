import Lathe
import LatheNN
import LatheTraining

/// The first images of a test set and what a model makes of them.
struct Reconstructions {
  private var pairs: [(image: Picture, made: Picture)] = []

  /// At most `limit` images, of the averaged weights where there are some; none of other data.
  init(_ trainer: Trainer, limit: Int) throws {
    var pairs: [(image: Picture, made: Picture)] = []
    try trainer.withTestOutputs(limit: 1) { batch, output in
      guard output.shape == batch.inputs.shape else { return }
      for place in 0..<min(batch.exampleCount, limit) {
        guard let image = try Picture(batch.inputs, at: place), let made = try Picture(output, at: place)
        else { return }
        pairs.append((image, made))
      }
    }
    self.pairs = pairs
  }

  /// The part of the page; empty where there are no images.
  var html: String {
    guard !pairs.isEmpty else { return "" }
    return
      "<h2>Reconstructions</h2>\n<p>Images of the test set, and below each what the model makes of it.</p>\n"
      + pairs.map { "<span class=\"picture\">\($0.image.html)\($0.made.html)</span>\n" }.joined()
  }
}
