import CPUKernels
import LatheCore

extension CPUBackend {
  package func run(_ operation: LatheCore.Operation, inputs: [Operand], outputs: [Operand]) throws {
    // Other threads' operations note what they lack elsewhere.
    var missing = 0
    try withUnsafeMutablePointer(to: &missing) { missing in
      let outer = lathe_workspace_report_to(missing)
      defer { lathe_workspace_report_to(outer) }
      try perform(operation, inputs: inputs, outputs: outputs)
    }
    guard missing == 0 else {
      throw LatheError(
        .outOfMemory,
        "\(operation.label): no memory for \(missing) bytes of scratch space; use smaller tensors"
      )
    }
  }

  private func perform(_ operation: LatheCore.Operation, inputs: [Operand], outputs: [Operand]) throws {
    switch operation {
    case .elementwise(let program, let scalars):
      try elementwise(program, scalars, inputs: inputs, outputs: outputs)
    case .reduce(let reduction):
      try reduce(reduction, inputs: inputs, outputs: outputs)
    case .argReduce(let outer, let count, let inner, let largest):
      try argReduce(
        outer: outer, count: count, inner: inner, largest: largest, inputs: inputs, outputs: outputs)
    case .cumulativeSum(let outer, let count, let inner):
      try cumulativeSum(outer: outer, count: count, inner: inner, inputs: inputs, outputs: outputs)
    case .cumulativeProduct(let outer, let count, let inner):
      try cumulativeProduct(outer: outer, count: count, inner: inner, inputs: inputs, outputs: outputs)
    case .cumulativeExtremum(let outer, let count, let inner, let largest):
      try cumulativeExtremum(
        outer: outer, count: count, inner: inner, largest: largest, inputs: inputs, outputs: outputs)
    case .matmul(let product):
      try matmul(product, inputs: inputs, outputs: outputs)
    case .factorization(let kind, let batch, let rows, let columns):
      try factorize(kind, batch: batch, rows: rows, columns: columns, inputs: inputs, outputs: outputs)
    case .linearSystem(let kind, let batch, let n, let columns):
      try solve(kind, batch: batch, n: n, columns: columns, inputs: inputs, outputs: outputs)
    case .convolution(let sizes):
      try convolution(sizes, inputs: inputs, outputs: outputs)
    case .convolutionBackwardInput(let sizes):
      try convolutionBackwardInput(sizes, inputs: inputs, outputs: outputs)
    case .convolutionBackwardFilter(let sizes):
      try convolutionBackwardFilter(sizes, inputs: inputs, outputs: outputs)
    case .maxPool(let sizes):
      try maxPool(sizes, inputs: inputs, outputs: outputs)
    case .maxPoolBackward(let sizes):
      try maxPoolBackward(sizes, inputs: inputs, outputs: outputs)
    case .averagePool(let sizes):
      try averagePool(sizes, inputs: inputs, outputs: outputs)
    case .averagePoolBackward(let sizes):
      try averagePoolBackward(sizes, inputs: inputs, outputs: outputs)
    case .softmax(let rows, let columns, let logarithm):
      try softmax(rows: rows, columns: columns, logarithm: logarithm, inputs: inputs, outputs: outputs)
    case .softmaxBackward(let rows, let columns, let logarithm):
      try softmaxBackward(
        rows: rows, columns: columns, logarithm: logarithm, inputs: inputs, outputs: outputs)
    case .crossEntropy(let loss):
      try crossEntropy(loss, inputs: inputs, outputs: outputs)
    case .crossEntropyBackward(let loss):
      try crossEntropyBackward(loss, inputs: inputs, outputs: outputs)
    case .layerNorm(let rows, let columns, let epsilon, let affine):
      try layerNorm(
        rows: rows, columns: columns, epsilon: epsilon, affine: affine, inputs: inputs, outputs: outputs)
    case .layerNormBackward(let rows, let columns, let affine):
      try layerNormBackward(rows: rows, columns: columns, affine: affine, inputs: inputs, outputs: outputs)
    case .attention(let sizes):
      try attention(sizes, inputs: inputs, outputs: outputs)
    case .attentionBackward(let sizes):
      try attentionBackward(sizes, inputs: inputs, outputs: outputs)
    case .recurrence(let sizes):
      try recurrence(sizes, inputs: inputs, outputs: outputs)
    case .recurrenceBackward(let sizes):
      try recurrenceBackward(sizes, inputs: inputs, outputs: outputs)
    case .gather(let outer, let count, let inner, let picked):
      try gather(outer: outer, count: count, inner: inner, picked: picked, inputs: inputs, outputs: outputs)
    case .scatterAdd(let outer, let count, let inner, let picked):
      try scatterAdd(
        outer: outer, count: count, inner: inner, picked: picked, inputs: inputs, outputs: outputs)
    case .scatter(let rule, let outer, let count, let inner, let picked):
      try scatter(
        rule, outer: outer, count: count, inner: inner, picked: picked, inputs: inputs, outputs: outputs)
    case .sort(let rows, let count, let descending):
      try sort(rows: rows, count: count, descending: descending, inputs: inputs, outputs: outputs)
    case .topK(let rows, let count, let k, let largest):
      try topK(rows: rows, count: count, k: k, largest: largest, inputs: inputs, outputs: outputs)
    case .searchSorted(let sequences, let rows, let count, let picked, let right):
      try searchSorted(
        sequences: sequences, rows: rows, count: count, picked: picked, right: right, inputs: inputs,
        outputs: outputs)
    case .random(let distribution, let key):
      try random(distribution, key: key, inputs: inputs, outputs: outputs)
    case .dropout(let probability, let key):
      try dropout(probability: probability, key: key, inputs: inputs, outputs: outputs)
    case .copy:
      try copy(inputs: inputs, outputs: outputs)
    case .adam(let step, let count):
      try adam(step, count: count, inputs: inputs, outputs: outputs)
    case .sgd(let step, let count):
      try sgd(step, count: count, inputs: inputs, outputs: outputs)
    case .elementwiseEach(let program, let scalars, let count):
      try elementwiseEach(program, scalars: scalars, count: count, inputs: inputs, outputs: outputs)
    case .sumEach(let sums, let squares):
      try sumEach(sums, squares: squares, inputs: inputs, outputs: outputs)
    case .custom(let kernel):
      try custom(kernel, inputs: inputs, outputs: outputs)
    }
  }
}
