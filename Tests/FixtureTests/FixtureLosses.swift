import LatheML

/// LatheNN's losses, by PyTorch's names.
let lossOperations: [String: FixtureOperation] = [
  "mse": { x, p in [meanSquaredError(x[0], x[1], reduction: try p.reduction())] },
  "l1": { x, p in [meanAbsoluteError(x[0], x[1], reduction: try p.reduction())] },
  "huber": { x, p in
    [huberLoss(x[0], x[1], delta: Float(try p.number("delta")), reduction: try p.reduction())]
  },
  "smooth_l1": { x, p in
    [smoothL1Loss(x[0], x[1], beta: Float(try p.number("beta")), reduction: try p.reduction())]
  },
  "hinge": { x, p in
    [hingeLoss(x[0], x[1].detached(), margin: Float(try p.number("margin")), reduction: try p.reduction())]
  },
  "multi_margin": { x, p in [multiClassHingeLoss(x[0], x[1], reduction: try p.reduction())] },
  "bce_with_logits": { x, p in
    [
      binaryCrossEntropy(
        logits: x[0], x[1].detached(), weights: x.count > 2 ? x[2].detached() : nil,
        positiveWeights: x.count > 3 ? x[3].detached() : nil, reduction: try p.reduction())
    ]
  },
  "bce": { x, p in [binaryCrossEntropy(probabilities: x[0], x[1].detached(), reduction: try p.reduction())] },
  "weighted_cross_entropy": { x, p in
    [
      crossEntropy(
        x[0], x[1], classWeights: x[2].detached(),
        ignoredIndex: p.parameters["ignore_index"] == nil ? nil : try p.int("ignore_index"),
        labelSmoothing: Float(try p.number("label_smoothing")), reduction: try p.reduction())
    ]
  },
  "nll": { x, p in
    [
      negativeLogLikelihood(
        x[0], x[1], classWeights: x[2].detached(), ignoredIndex: try p.int("ignore_index"),
        reduction: try p.reduction())
    ]
  },
  "kl": { x, p in
    [klDivergence(x[0], x[1].detached(), logTarget: try p.bool("log_target"), reduction: try p.reduction())]
  },
  "cosine_embedding": { x, p in
    [
      cosineEmbeddingLoss(
        x[0], x[1], x[2].detached(), margin: Float(try p.number("margin")), reduction: try p.reduction())
    ]
  },
  "triplet": { x, p in
    [
      tripletLoss(
        anchor: x[0], positive: x[1], negative: x[2], margin: Float(try p.number("margin")),
        reduction: try p.reduction())
    ]
  },
  "info_nce": { x, p in
    [
      infoNCE(
        x[0], x[1], temperature: Float(try p.number("temperature")), isSymmetric: try p.bool("symmetric"))
    ]
  },
]
