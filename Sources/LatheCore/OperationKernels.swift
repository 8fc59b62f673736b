/// The kernels of a backend: a method for each case of `Operation`.
///
/// Each computes `outputs` from `inputs`, whose shapes and types are those that the case says. It throws `LatheError` of kind
/// `unsupported` where the backend has no kernel for them, which is all that it does where it has no method of its own.
package protocol OperationKernels: Backend {
  func elementwise(
    _ program: ElementwiseProgram, _ scalars: [ScalarValue], inputs: [Operand], outputs: [Operand]) throws
  func elementwiseEach(
    _ program: ElementwiseProgram, scalars: [ScalarValue], count: Int, inputs: [Operand], outputs: [Operand])
    throws
  func copy(inputs: [Operand], outputs: [Operand]) throws
  func custom(_ custom: CustomKernel, inputs: [Operand], outputs: [Operand]) throws

  // Along axes.
  func reduce(_ reduction: Reduction, inputs: [Operand], outputs: [Operand]) throws
  func sumEach(_ sums: [AxisSum], squares: Bool, inputs: [Operand], outputs: [Operand]) throws
  func argReduce(outer: Int, count: Int, inner: Int, largest: Bool, inputs: [Operand], outputs: [Operand])
    throws
  func cumulativeSum(outer: Int, count: Int, inner: Int, inputs: [Operand], outputs: [Operand]) throws
  func cumulativeProduct(outer: Int, count: Int, inner: Int, inputs: [Operand], outputs: [Operand]) throws
  func cumulativeExtremum(
    outer: Int, count: Int, inner: Int, largest: Bool, inputs: [Operand], outputs: [Operand]) throws
  func sort(rows: Int, count: Int, descending: Bool, inputs: [Operand], outputs: [Operand]) throws
  func topK(rows: Int, count: Int, k: Int, largest: Bool, inputs: [Operand], outputs: [Operand]) throws
  func searchSorted(
    sequences: Int, rows: Int, count: Int, picked: Int, right: Bool, inputs: [Operand], outputs: [Operand])
    throws
  func gather(outer: Int, count: Int, inner: Int, picked: Int, inputs: [Operand], outputs: [Operand]) throws
  func scatterAdd(outer: Int, count: Int, inner: Int, picked: Int, inputs: [Operand], outputs: [Operand])
    throws
  func scatter(
    _ rule: ScatterRule, outer: Int, count: Int, inner: Int, picked: Int, inputs: [Operand],
    outputs: [Operand]) throws

  // Matrices.
  func matmul(_ sizes: MatrixMultiplication, inputs: [Operand], outputs: [Operand]) throws
  func rotate(_ sizes: Rotation, inputs: [Operand], outputs: [Operand]) throws
  func blockProduct(_ sizes: BlockProduct, inputs: [Operand], outputs: [Operand]) throws
  func blockRows(
    _ type: BlockType, rows: Int, columns: Int, picked: Int, inputs: [Operand], outputs: [Operand]) throws
  func factorize(
    _ kind: MatrixFactorization, batch: Int, rows: Int, columns: Int, inputs: [Operand], outputs: [Operand])
    throws
  func solve(
    _ kind: LinearSystem, batch: Int, n: Int, columns: Int, inputs: [Operand], outputs: [Operand]) throws

  // Layers.
  func convolution(_ sizes: Convolution2D, inputs: [Operand], outputs: [Operand]) throws
  func convolutionBackwardInput(_ sizes: Convolution2D, inputs: [Operand], outputs: [Operand]) throws
  func convolutionBackwardFilter(_ sizes: Convolution2D, inputs: [Operand], outputs: [Operand]) throws
  func maxPool(_ sizes: Pool2D, inputs: [Operand], outputs: [Operand]) throws
  func maxPoolBackward(_ sizes: Pool2D, inputs: [Operand], outputs: [Operand]) throws
  func averagePool(_ sizes: Pool2D, inputs: [Operand], outputs: [Operand]) throws
  func averagePoolBackward(_ sizes: Pool2D, inputs: [Operand], outputs: [Operand]) throws
  func softmax(rows: Int, columns: Int, logarithm: Bool, inputs: [Operand], outputs: [Operand]) throws
  func softmaxBackward(rows: Int, columns: Int, logarithm: Bool, inputs: [Operand], outputs: [Operand]) throws
  func crossEntropy(_ loss: CrossEntropy, inputs: [Operand], outputs: [Operand]) throws
  func crossEntropyBackward(_ loss: CrossEntropy, inputs: [Operand], outputs: [Operand]) throws
  func layerNorm(
    rows: Int, columns: Int, epsilon: Float, affine: Bool, inputs: [Operand], outputs: [Operand]) throws
  func rmsNorm(
    rows: Int, columns: Int, epsilon: Float, weighted: Bool, inputs: [Operand], outputs: [Operand]) throws
  func layerNormBackward(rows: Int, columns: Int, affine: Bool, inputs: [Operand], outputs: [Operand]) throws
  func channelMoments(outer: Int, channels: Int, inner: Int, inputs: [Operand], outputs: [Operand]) throws
  func attention(_ sizes: Attention, inputs: [Operand], outputs: [Operand]) throws
  func attentionBackward(_ sizes: Attention, inputs: [Operand], outputs: [Operand]) throws
  func recurrence(_ sizes: RecurrentSequence, inputs: [Operand], outputs: [Operand]) throws
  func recurrenceBackward(_ sizes: RecurrentSequence, inputs: [Operand], outputs: [Operand]) throws

  // Random numbers.
  func random(_ distribution: RandomDistribution, key: RandomKey, inputs: [Operand], outputs: [Operand])
    throws
  func dropout(probability: Float, key: RandomKey, inputs: [Operand], outputs: [Operand]) throws

  // Optimizers.
  func adam(_ step: AdamStep, count: Int, inputs: [Operand], outputs: [Operand]) throws
  func sgd(_ step: SGDStep, count: Int, inputs: [Operand], outputs: [Operand]) throws
}

extension OperationKernels {
  package func factorize(
    _ kind: MatrixFactorization, batch: Int, rows: Int, columns: Int, inputs: [Operand], outputs: [Operand]
  ) throws { throw LatheError.unsupported("\(kind)") }

  package func solve(
    _ kind: LinearSystem, batch: Int, n: Int, columns: Int, inputs: [Operand], outputs: [Operand]
  ) throws { throw LatheError.unsupported("linear systems") }

  package func blockProduct(_ sizes: BlockProduct, inputs: [Operand], outputs: [Operand]) throws {
    throw LatheError.unsupported("products with blocks")
  }

  package func rmsNorm(
    rows: Int, columns: Int, epsilon: Float, weighted: Bool, inputs: [Operand], outputs: [Operand]
  ) throws { throw LatheError.unsupported("rmsNorm") }

  package func rotate(_ sizes: Rotation, inputs: [Operand], outputs: [Operand]) throws {
    throw LatheError.unsupported("rotations")
  }

  package func blockRows(
    _ type: BlockType, rows: Int, columns: Int, picked: Int, inputs: [Operand], outputs: [Operand]
  ) throws { throw LatheError.unsupported("rows of blocks") }

  /// Runs the kernel of an operation.
  ///
  /// - Throws: `LatheError` of kind `unsupported` where there is none.
  package func perform(_ operation: Operation, inputs: [Operand], outputs: [Operand]) throws {
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
    case .blockProduct(let sizes):
      try blockProduct(sizes, inputs: inputs, outputs: outputs)
    case .blockRows(let type, let rows, let columns, let picked):
      try blockRows(
        type, rows: rows, columns: columns, picked: picked, inputs: inputs, outputs: outputs)
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
    case .rmsNorm(let rows, let columns, let epsilon, let weighted):
      try rmsNorm(
        rows: rows, columns: columns, epsilon: epsilon, weighted: weighted, inputs: inputs, outputs: outputs)
    case .channelMoments(let outer, let channels, let inner):
      try channelMoments(outer: outer, channels: channels, inner: inner, inputs: inputs, outputs: outputs)
    case .attention(let sizes):
      try attention(sizes, inputs: inputs, outputs: outputs)
    case .attentionBackward(let sizes):
      try attentionBackward(sizes, inputs: inputs, outputs: outputs)
    case .recurrence(let sizes):
      try recurrence(sizes, inputs: inputs, outputs: outputs)
    case .recurrenceBackward(let sizes):
      try recurrenceBackward(sizes, inputs: inputs, outputs: outputs)
    case .rotation(let sizes):
      try rotate(sizes, inputs: inputs, outputs: outputs)
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
