import Lathe

extension Image {
  /// All values times a factor: 0 is black, 1 the image.
  public func brightness(_ factor: Float) -> Image { blended(factor) { _ in 0 } }

  /// Away from the image's mean brightness by a factor: 0 is all grey, 1 the image.
  public func contrast(_ factor: Float) -> Image {
    let sum = stride(from: 0, to: pixels.count, by: channels).reduce(0) { $0 + Int(greyValue($1)) }
    let mean = Float(((Double(sum) / Double(height * width)) + 0.5).rounded(.down))
    return blended(factor) { _ in mean }
  }

  /// Away from each pixel's grey by a factor: 0 is grey, 1 the image; a grey image stays.
  public func saturation(_ factor: Float) -> Image {
    channels == 1 ? self : blended(factor) { Float(greyValue($0)) }
  }

  /// All hues turned by a share of the circle of colours, -0.5...0.5; a grey image stays.
  public func hue(_ turn: Float) -> Image {
    guard channels == 3, turn != 0 else { return self }
    var result = self
    for start in stride(from: 0, to: pixels.count, by: 3) {
      let color = (Float(pixels[start]), Float(pixels[start + 1]), Float(pixels[start + 2]))
      let turned = Self.turned(color, by: turn)
      result.pixels[start] = UInt8(turned.0.rounded())
      result.pixels[start + 1] = UInt8(turned.1.rounded())
      result.pixels[start + 2] = UInt8(turned.2.rounded())
    }
    return result
  }

  private func greyValue(_ start: Int) -> UInt8 {
    channels == 1 ? pixels[start] : ImageFile.grey(pixels[start], pixels[start + 1], pixels[start + 2])
  }

  /// Each value at a factor between that of another image, given by the pixel's place, and its own.
  private func blended(_ factor: Float, _ other: (_ start: Int) -> Float) -> Image {
    require(factor >= 0 && factor.isFinite, "Image: a colour factor of \(factor)")
    var result = self
    for start in stride(from: 0, to: pixels.count, by: channels) {
      let base = other(start)
      for place in start..<start + channels {
        result.pixels[place] = UInt8(min(max(base + factor * (Float(pixels[place]) - base), 0), 255))
      }
    }
    return result
  }

  /// A colour of another hue with its own saturation and value (the hexagonal model of Smith, 1978).
  private static func turned(_ color: (Float, Float, Float), by turn: Float) -> (Float, Float, Float) {
    let (red, green, blue) = color
    let high = max(red, green, blue)
    let low = min(red, green, blue)
    let chroma = high - low
    guard chroma > 0 else { return color }
    var sector =
      high == red
      ? (green - blue) / chroma : high == green ? (blue - red) / chroma + 2 : (red - green) / chroma + 4
    sector += turn * 6
    sector -= (sector / 6).rounded(.down) * 6
    func channel(_ offset: Float) -> Float {
      var place = offset + sector
      if place >= 6 { place -= 6 }
      return high - chroma * max(0, min(place, 4 - place, 1))
    }
    return (channel(5), channel(3), channel(1))
  }
}
