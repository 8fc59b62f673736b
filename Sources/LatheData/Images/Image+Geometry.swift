import Foundation
import Lathe

extension Image {
  /// The image of the same pixels at other places: where each comes from, by its row and column.
  private func rearranged(_ source: (_ row: Int, _ column: Int) -> (Int, Int)) -> Image {
    var result = self
    var place = 0
    for row in 0..<height {
      for column in 0..<width {
        let from = source(row, column)
        let start = (from.0 * width + from.1) * channels
        for channel in 0..<channels { result.pixels[place + channel] = pixels[start + channel] }
        place += channels
      }
    }
    return result
  }

  /// Left and right exchanged.
  public func flippedHorizontally() -> Image {
    rearranged { ($0, width - 1 - $1) }
  }

  /// Top and bottom exchanged.
  public func flippedVertically() -> Image {
    rearranged { (height - 1 - $0, $1) }
  }

  /// A rectangle of the image; what lies outside is filled.
  ///
  /// - Parameters:
  ///   - top: The first row, which may be negative.
  ///   - left: The first column, which may be negative.
  ///   - height: Rows of the result.
  ///   - width: Columns of the result.
  ///   - fill: The value of all channels outside the image.
  public func cropped(top: Int, left: Int, height: Int, width: Int, fill: UInt8 = 0) -> Image {
    require(height > 0 && width > 0, "Image: a crop of \(height) x \(width) pixels")
    var result = [UInt8](repeating: fill, count: height * width * channels)
    // The columns of the result that lie inside the image.
    let columns = max(0, -left)..<max(max(0, -left), min(width, self.width - left))
    let rows = max(0, -top)..<max(max(0, -top), min(height, self.height - top))
    for row in rows where !columns.isEmpty {
      let target = (row * width + columns.lowerBound) * channels
      let source = ((row + top) * self.width + left + columns.lowerBound) * channels
      let size = columns.count * channels
      result[target..<target + size] = pixels[source..<source + size]
    }
    return Image(height: height, width: width, channels: channels, pixels: result)
  }

  /// Turned about its centre, against the clock, with bilinear interpolation; the size stays.
  ///
  /// - Parameters:
  ///   - degrees: The angle.
  ///   - fill: The value of all channels where the image did not reach.
  public func rotated(degrees: Double, fill: UInt8 = 0) -> Image {
    let angle = degrees * .pi / 180
    let (cosine, sine) = (cos(angle), sin(angle))
    let (middleX, middleY) = (Double(width) / 2, Double(height) / 2)
    var result = [UInt8](repeating: fill, count: pixels.count)
    for row in 0..<height {
      for column in 0..<width {
        let (x, y) = (Double(column) + 0.5 - middleX, Double(row) + 0.5 - middleY)
        let fromX = cosine * x - sine * y + middleX
        let fromY = sine * x + cosine * y + middleY
        guard fromX >= 0, fromX < Double(width), fromY >= 0, fromY < Double(height) else { continue }
        let place = (row * width + column) * channels
        for channel in 0..<channels {
          result[place + channel] = interpolated(x: fromX - 0.5, y: fromY - 0.5, channel: channel)
        }
      }
    }
    return Image(height: height, width: width, channels: channels, pixels: result)
  }

  /// The value between four pixels; those outside are as the nearest inside.
  private func interpolated(x: Double, y: Double, channel: Int) -> UInt8 {
    let (left, top) = (floor(x), floor(y))
    func pixel(_ row: Int, _ column: Int) -> Double {
      let place = min(max(row, 0), height - 1) * width + min(max(column, 0), width - 1)
      return Double(pixels[place * channels + channel])
    }
    func between(_ a: Double, _ b: Double, _ share: Double) -> Double { a + (b - a) * share }
    let (row, column) = (Int(top), Int(left))
    let above = between(pixel(row, column), pixel(row, column + 1), x - left)
    let below = between(pixel(row + 1, column), pixel(row + 1, column + 1), x - left)
    return UInt8(between(above, below, y - top).rounded())
  }

  /// The image in another size: bilinear, and averaging where it becomes smaller, first along rows, then columns.
  public func resized(height: Int, width: Int) -> Image {
    require(height > 0 && width > 0, "Image: a new size of \(height) x \(width) pixels")
    var image = self
    if width != self.width { image = image.resized(alongRows: true, to: width) }
    if height != self.height { image = image.resized(alongRows: false, to: height) }
    return image
  }

  private func resized(alongRows: Bool, to size: Int) -> Image {
    let weights = ResizeWeights(from: alongRows ? width : height, to: size)
    let (newHeight, newWidth) = alongRows ? (height, size) : (size, width)
    // What one step along the axis, and one along the other, is in the pixels.
    let (step, otherStep) = alongRows ? (channels, width * channels) : (width * channels, channels)
    var result = [UInt8](repeating: 0, count: newHeight * newWidth * channels)
    for row in 0..<newHeight {
      for column in 0..<newWidth {
        let (along, across) = alongRows ? (column, row) : (row, column)
        for channel in 0..<channels {
          var sum: Float = 0
          var place = weights.first[along] * step + across * otherStep + channel
          for weight in weights.values[along] {
            sum += weight * Float(pixels[place])
            place += step
          }
          result[(row * newWidth + column) * channels + channel] = UInt8(min(max(sum.rounded(), 0), 255))
        }
      }
    }
    return Image(height: newHeight, width: newWidth, channels: channels, pixels: result)
  }
}

/// Which pixels of an axis make one of another size, and with which weights: a triangle as wide as two new pixels, or
/// two old ones where the axis becomes longer.
private struct ResizeWeights {
  private(set) var first: [Int] = []
  private(set) var values: [[Float]] = []

  init(from old: Int, to new: Int) {
    let scale = Double(old) / Double(new)
    let reach = max(scale, 1)
    for place in 0..<new {
      let centre = (Double(place) + 0.5) * scale
      let low = max(Int(centre - reach + 0.5), 0)
      let high = min(Int(centre + reach + 0.5), old)
      let raw = (low..<high).map { max(0, 1 - abs(Double($0) + 0.5 - centre) / reach) }
      let sum = raw.reduce(0, +)
      first.append(low)
      values.append(raw.map { Float($0 / sum) })
    }
  }
}
