import LatheML
import Testing

@Suite("Images that networks take")
struct ImageRequirementTests {
  private func problem(_ name: String, _ channels: Int, _ height: Int, _ width: Int) throws -> String? {
    let recipe = try #require(ModelCatalog.recipe(name))
    var input = ModelInput()
    (input.channels, input.height, input.width) = (channels, height, width)
    return recipe.images.problem(input)
  }

  @Test("A recipe tells what it takes, and what it wants instead")
  func problems() throws {
    #expect(try problem("lenet", 1, 28, 28) == nil)
    #expect(try problem("lenet", 3, 28, 28) == "grey images of 28 x 28")
    #expect(try problem("lenet", 1, 28, 32) == "grey images of 28 x 28")
    #expect(try problem("autoencoder", 3, 12, 4) == nil)
    #expect(try problem("autoencoder", 3, 12, 6) == "heights and widths that 4 divides")
    #expect(try problem("resnet18", 3, 8, 9) == nil)
    #expect(try problem("resnet18", 3, 9, 7) == "images of at least 8 x 8")
    for name in ["mlp", "vae"] { #expect(try problem(name, 1, 1, 1) == nil) }
    #expect(ModelCatalog.all.filter(\.takesTables).map(\.name) == ["mlp"])
  }
}
