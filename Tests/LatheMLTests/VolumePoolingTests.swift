import LatheML
import Testing

@Suite("Pooling layers of volumes")
struct VolumePoolingTests {
  private static func element(_ place: Int) -> Float { Float(place * 37 % 101) }

  private let volumes = Tensor((0..<720).map(Self.element), shape: [2, 3, 4, 5, 6], device: .cpu)

  private func expectSame(_ layer: any Module, _ expected: Tensor) throws {
    let found = layer(volumes)
    #expect(found.shape == expected.shape)
    #expect(try found.bytes() == expected.bytes())
  }

  @Test("They are the functions with cubic windows")
  func layers() throws {
    try expectSame(MaxPool3D(2), volumes.maxPool3D(kernel: (2, 2, 2)))
    try expectSame(
      MaxPool3D(3, stride: 1, padding: 1),
      volumes.maxPool3D(kernel: (3, 3, 3), stride: (1, 1, 1), padding: (1, 1, 1)))
    try expectSame(
      AveragePool3D(2, stride: 2, padding: 1, countsPadding: false),
      volumes.averagePool3D(kernel: (2, 2, 2), padding: (1, 1, 1), countsPadding: false))
    try expectSame(AdaptiveAveragePool3D(1, 2, 3), volumes.adaptiveAveragePool3D(output: (1, 2, 3)))
    try expectSame(AdaptiveMaxPool3D(2, 2, 2), volumes.adaptiveMaxPool3D(output: (2, 2, 2)))
    // The first window by hand.
    let first = try MaxPool3D(2)(volumes)[0, 0, 0, 0, 0].item() as Float
    let places: [Int] = [0, 1, 6, 7, 30, 31, 36, 37]
    #expect(first == places.map(Self.element).max())
  }
}
