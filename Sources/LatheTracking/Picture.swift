import Foundation
import Lathe
import LatheFiles

/// One image of a batch as bytes: its smallest value is black, its largest white.
struct Picture {
  let height: Int, width: Int
  /// 1 or 3.
  let channels: Int
  /// [height, width, channels].
  let pixels: [UInt8]

  /// The image at a place of [n, channels, height, width]; nil where that is no batch of grey or coloured images.
  init?(_ batch: Tensor, at place: Int) throws {
    guard batch.shape.count == 4, batch.shape[1] == 1 || batch.shape[1] == 3, batch.shape[2] > 1,
      batch.shape[3] > 1
    else { return nil }
    (channels, height, width) = (batch.shape[1], batch.shape[2], batch.shape[3])
    let image = batch.detached().select(axis: 0, index: place).permuted([1, 2, 0])
    let values = try image.scalars(as: Float.self).map { $0.isFinite ? $0 : 0 }
    let low = values.min() ?? 0
    let range = max((values.max() ?? 1) - low, 1e-12)
    pixels = values.map { UInt8((($0 - low) / range * 255).rounded()) }
  }

  /// The picture as part of a page.
  var html: String { "<img alt=\"\" src=\"data:image/png;base64,\(Data(png).base64EncodedString())\">" }

  /// The bytes of a PNG file.
  var png: [UInt8] { PNG.encode(pixels, width: width, height: height, channels: channels) }
}
