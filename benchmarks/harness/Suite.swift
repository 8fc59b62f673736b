/// A group of workloads that is asked for by name.
public enum Suite: String, CaseIterable, Sendable {
  case gemm, conv, elementwise, reduction, norm, softmax, attention, embedding, quantized
  case recurrent, optimizer, random, transfer
  case latency, memory, loader, tables, checkpoint, train, finetune, inference, trees, linear, search

  /// What `lathe bench --list` says of it.
  public var summary: String {
    switch self {
    case .gemm: "matrix products: squares, skinny ones, transposes, batches, with bias and activation"
    case .conv: "2-D convolutions, forward and with both gradients"
    case .elementwise: "element-wise operations and fused chains of them"
    case .reduction: "sums, maxima and scans over rows, columns and everything"
    case .norm: "layer and batch normalisation, forward and backward"
    case .softmax: "softmax and cross-entropy, forward and backward"
    case .attention: "scaled dot-product attention, forward and with its gradients"
    case .embedding: "rows of a table, and the table's gradient"
    case .quantized: "products with weights that stay quantised or in 16 bits, of one row and of many"
    case .recurrent: "LSTM and GRU, forward with the weights' gradients"
    case .optimizer: "steps of Adam and SGD"
    case .random: "random numbers and dropout"
    case .transfer: "bytes between host and device"
    case .latency: "the host's cost of an operation, launches, round trips"
    case .memory: "copies, the buffer pool, start-up time and peak memory"
    case .loader: "batches of Fashion-MNIST from the data loader alone"
    case .tables: "CSV files read into typed columns"
    case .checkpoint: "checkpoints written and read, in turns with the same bytes raw"
    case .train: "whole training steps: LeNet, ResNet-18, a transformer encoder, a GPT"
    case .finetune:
      "steps of training text encoders: MiniLM's sizes with all weights, low-rank updates and real lengths; hidden words"
    case .inference: "whole networks that are used and not trained: a text encoder of MiniLM's sizes"
    case .linear:
      "models of tables by weighted sums: logistic regression, principal components, k-means, terms of texts"
    case .trees: "models of tables: boosted trees, their predictions and explanation, a random forest"
    case .search: "what a search for hyper-parameters costs beside the models that it trains"
    }
  }
}
