import Foundation
import LatheML

// Knowledge distillation (Hinton et al., 2015): a small student learns from the classes' probabilities that a larger,
// trained teacher gives, with the true classes beside them.

/// Points of three arms of a spiral, and their arms.
func spiral(_ count: Int, _ generator: Generator) -> (points: Tensor, classes: Tensor) {
  let distance = Tensor.uniform([count], low: 0.1, high: 1, generator: generator)
  let arm = Tensor.uniform([count], low: 0, high: 3, generator: generator).floor()
  let angle =
    arm * (2 * Float.pi / 3) + distance * 4 + Tensor.normal([count], deviation: 0.15, generator: generator)
  return (Tensor.stack([distance * angle.cos(), distance * angle.sin()], axis: 1) * 3, arm.cast(to: .int32))
}

@main
enum Example {
  static let temperature: Float = 2

  /// The share of points whose most likely class is the true one.
  static func accuracy(_ model: some Module, _ points: Tensor, _ classes: Tensor) throws -> Float {
    let answers = model.inEvalMode { noGradient { model(points).argmax(axis: 1) } }
    return try (answers.cast(to: .int32) .== classes).cast(to: .float32).mean().item()
  }

  static func main() throws {
    let random = Generator(seed: 5)
    let teacher = Sequential {
      Linear(2, 128, generator: random)
      ReLU()
      Dropout(0.1, generator: random)
      Linear(128, 128, generator: random)
      ReLU()
      Dropout(0.1, generator: random)
      Linear(128, 3, generator: random)
    }
    let student = Sequential {
      Linear(2, 24, generator: random)
      Tanh()
      Linear(24, 3, generator: random)
    }
    let test = spiral(1000, random)

    let teacherOptimizer = Adam(teacher.parameters, learningRate: 5e-3)
    teacher.train()
    for _ in 0..<400 {
      let (points, classes) = spiral(128, random)
      teacherOptimizer.step(crossEntropy(teacher(points), classes).gradients(of: teacher.parameters))
    }

    // From here on the teacher only answers: in evaluation mode, so without dropout, and not tracked.
    teacher.eval()
    teacher.freeze()
    let studentOptimizer = Adam(student.parameters, learningRate: 1e-2)
    for step in 1...600 {
      let (points, classes) = spiral(128, random)
      let soft = noGradient { (teacher(points) / temperature).softmax(axis: 1) }
      let logits = student(points)
      // Gradients of softened probabilities are 1 / temperature^2 as large.
      let loss =
        klDivergence((logits / temperature).logSoftmax(axis: 1), soft) * (temperature * temperature * 0.7)
        + crossEntropy(logits, classes) * 0.3
      studentOptimizer.step(loss.gradients(of: student.parameters))
      if step % 200 == 0 { print("step \(step): loss \(try loss.item())") }
    }
    let taught = try accuracy(teacher, test.points, test.classes)
    let learned = try accuracy(student, test.points, test.classes)
    print(
      "Distillation: teacher of \(teacher.parameterCount) parameters \(taught), student of "
        + "\(student.parameterCount) \(learned)")
    guard taught > 0.9, learned > 0.85 else { fatalError("teacher or student did not learn the spiral") }
  }
}
