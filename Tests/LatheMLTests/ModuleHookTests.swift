import DataTestSupport
import LatheML
import Synchronization
import Testing

@Suite("Hooks of modules")
struct ModuleHookTests {
  private let model = Sequential {
    Linear(3, 4, generator: Generator(seed: 1), device: .cpu)
    Tanh()
    Linear(4, 2, generator: Generator(seed: 2), device: .cpu)
  }
  private let input = Tensor.normal([5, 3], generator: Generator(seed: 3), device: .cpu)

  @Test("Forward hooks see every call chosen, and may change what it gave")
  func forward() throws {
    var seen: [String] = []
    let whole = try model(input).scalars(as: Float.self)
    let watched = model.withForwardHook("*") { call in
      seen.append(call.path)
      return nil
    } during: {
      model(input)
    }
    #expect(seen == ["0", "1", "2", ""])
    #expect(try watched.scalars(as: Float.self) == whole)
    let changed = model.withForwardHook("1") {
      $0.output * 0
    } during: {
      model(input)
    }
    let bias = try #require(model.parameters.last).value.detached()
    #expect(try changed.scalars(as: Float.self) == bias.expanded(to: [5, 2]).scalars())
    // The inner one first.
    let both = model.withForwardHook("") {
      $0.output + 1
    } during: {
      model.withForwardHook("") {
        $0.output * 2
      } during: {
        model(input)
      }
    }
    let expected = whole.map { $0 * 2 + 1 }
    #expect(try both.scalars(as: Float.self) == expected)
    #expect(try model(input).scalars(as: Float.self) == whole)
  }

  @Test("Gradient hooks see the gradient of an output, and may change what flows on")
  func gradients() throws {
    let seen = Mutex<[String: [Float]]>([:])
    let plain = model(input).sum().gradients(of: model.parameters)
    let (loss, halved) = model.withGradientHook("1") { path, gradient in
      seen.withLock { $0[path] = try? gradient.scalars() }
      return gradient * 0.5
    } during: {
      (model(input).sum(), model(input).sum())
    }
    _ = loss
    let found = halved.gradients(of: model.parameters)
    let weight = model.parameters[2].value.detached()
    let expected = try weight.sum(axis: 0).expanded(to: [5, 4]).scalars(as: Float.self)
    let given = try #require(seen.withLock { $0["1"] })
    #expect(zip(given, expected).allSatisfy { abs($0 - $1) < 1e-6 })
    for (index, factor) in [Float(0.5), 0.5, 1, 1].enumerated() {
      let (a, b) = (try found[index].scalars(as: Float.self), try plain[index].scalars(as: Float.self))
      #expect(zip(a, b).allSatisfy { abs($0 - $1 * factor) < 1e-6 })
    }
  }

  @Test("A parameter's hook changes its gradient alone")
  func parameter() throws {
    let plain = try model(input).sum().gradients(of: model.parameters).map { try $0.scalars(as: Float.self) }
    model.parameters[1].gradientHook = { $0 * 0 }
    let found = try model(input).sum().gradients(of: model.parameters).map { try $0.scalars(as: Float.self) }
    #expect(found[1] == [0, 0, 0, 0] && found[0] == plain[0] && found[2] == plain[2])
  }
}
