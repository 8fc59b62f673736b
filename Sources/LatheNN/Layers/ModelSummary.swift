import Foundation
import Lathe

/// A table of a model's layers as Keras prints it: output shape, parameters and operations of each.
public struct ModelSummary: CustomStringConvertible {
  /// A line of the table.
  public struct Row: Sendable {
    /// The layer's dotted path.
    public let path: String
    /// The layer's type.
    public let type: String
    /// What its last call gave; nil where it was not called as a module.
    public let output: Shape?
    /// Elements of its parameters, those of inner layers included, shared ones where they are met first.
    public let parameters: Int
    /// Floating-point operations of its forward pass, inner layers included, a multiply-add counted as two.
    public let operations: Int
  }

  /// The layers down to the depth asked for.
  public let rows: [Row]
  /// Elements of all parameters, of those that are trained, and of the buffers.
  public let parameters: Int, trainable: Int, buffers: Int
  /// Floating-point operations of the forward pass.
  public let operations: Int
  private let name: String

  init(_ model: any ParameterContainer, depth: Int, forward: () -> Void) {
    var outputs: [ObjectIdentifier: Shape] = [:]
    var counts: [ObjectIdentifier: Int] = [:]
    model.inEvalMode {
      noGradient {
        ForwardObserver.watch(
          { module, input, output in
            outputs[ObjectIdentifier(module)] = output.shape
            counts[ObjectIdentifier(module), default: 0] += module.operationCount(
              input: input.shape, output: output.shape)
          }, during: forward)
      }
    }
    let visitor = ModuleVisitor(model)
    func inside(_ path: String, _ name: String) -> Bool { name.hasPrefix(path + ".") }
    rows = visitor.modules.filter { entry in entry.path.count(where: { $0 == "." }) < depth || depth == 0 }
      .map { path, module in
        var seen: Set<ObjectIdentifier> = [ObjectIdentifier(module)]
        var operations = counts[ObjectIdentifier(module)] ?? 0
        for (inner, part) in visitor.modules
        where inside(path, inner) && seen.insert(ObjectIdentifier(part)).inserted {
          operations += counts[ObjectIdentifier(part)] ?? 0
        }
        return Row(
          path: path, type: String(describing: Swift.type(of: module)),
          output: outputs[ObjectIdentifier(module)],
          parameters: visitor.parameters.reduce(0) {
            $0 + (inside(path, $1.name) ? $1.parameter.shape.elementCount : 0)
          }, operations: operations)
      }
    parameters = model.parameterCount
    trainable = model.trainableParameterCount
    buffers = visitor.buffers.reduce(0) { $0 + $1.buffer.value.count }
    operations = counts.values.reduce(0, +)
    name = String(describing: Swift.type(of: model))
  }

  /// The table, columns as wide as they need to be.
  public var description: String {
    let titles = ["Layer (type)", "Output Shape", "Param #", "FLOPs"]
    let cells = rows.map { row in
      [
        "\(row.path) (\(row.type))",
        row.output.map { "(\($0.map(String.init).joined(separator: ", ")))" } ?? "-",
        String(row.parameters), String(row.operations),
      ]
    }
    let widths = titles.indices.map { column in
      ([titles] + cells).map { $0[column].count }.max() ?? 0
    }
    func line(_ cells: [String]) -> String {
      zip(cells, widths).enumerated().map { column, cell in
        let space = String(repeating: " ", count: cell.1 - cell.0.count)
        return column < 2 ? cell.0 + space : space + cell.0
      }.joined(separator: "   ")
    }
    let rule = widths.reduce(0, +) + 9
    let thin = String(repeating: "_", count: rule)
    let thick = String(repeating: "=", count: rule)
    return """
      Model: "\(name)"
      \(thin)
      \(line(titles))
      \(thick)
      \(cells.map(line).joined(separator: "\n"))
      \(thick)
      Total params: \(parameters) (\(ModelSummary.size(parameters)))
      Trainable params: \(trainable) (\(ModelSummary.size(trainable)))
      Non-trainable params: \(parameters - trainable + buffers) (\(ModelSummary.size(parameters - trainable + buffers)))
      FLOPs: \(operations)
      \(thin)
      """
  }

  /// The memory of float32 elements, as Keras writes it.
  private static func size(_ count: Int) -> String {
    var value = Double(count) * 4
    for unit in ["Byte", "KB", "MB"] {
      if value < 1024 { return String(format: "%.2f \(unit)", value) }
      value /= 1024
    }
    return String(format: "%.2f GB", value)
  }
}

extension Module {
  /// The layers with output shapes, parameters and operations, found by running the model once in evaluation mode; the mode it
  /// had stays.
  ///
  /// - Parameters:
  ///   - input: The input's shape, the batch included.
  ///   - dtype: Its element type, int32 for models of tokens.
  ///   - depth: How many levels of inner layers are shown; 0 for all.
  public func summary(input: Shape, dtype: DType = .float32, depth: Int = 1) -> ModelSummary {
    let device = ModuleVisitor(self).parameters.first?.parameter.value.device ?? .default
    return ModelSummary(self, depth: depth) { _ = self(Tensor.zeros(input, dtype: dtype, device: device)) }
  }
}
