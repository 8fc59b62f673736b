import LatheText

/// Changes the scores of the next token as the options of a generation say.
package struct LogitRules {
  let options: GenerationOptions
  /// Tokens that end a text.
  let endTokens: Set<Int32>

  package init(options: GenerationOptions, endTokens: Set<Int32>) {
    self.options = options
    self.endTokens = endTokens
  }

  /// Applies all that changes scores before one is chosen.
  ///
  /// - Parameters:
  ///   - logits: One for each token.
  ///   - history: The prompt and what was made of it.
  ///   - allowed: The tokens that a grammar allows; nil where there is none.
  package func apply(_ logits: inout [Float], history: TokenHistory, allowed: TokenMask? = nil) {
    let made = history.made
    if made < options.forcedTokens.count {
      let forced = Int(options.forcedTokens[made])
      for token in logits.indices where token != forced { logits[token] = -.infinity }
      return
    }
    penalise(&logits, history)
    for (token, bias) in options.logitBias { logits[Int(token)] += bias }
    for token in options.forbiddenTokens { logits[Int(token)] = -.infinity }
    if made < options.minimumNewTokens, allowed == nil {
      for token in endTokens { logits[Int(token)] = -.infinity }
    }
    // What the grammar ends with no option forbids, or nothing would be left.
    if let allowed { logits.withUnsafeMutableBufferPointer { allowed.restrict($0) } }
  }

  private func penalise(_ logits: inout [Float], _ history: TokenHistory) {
    if options.repetitionPenalty != 1 {
      let penalty = Float(options.repetitionPenalty)
      for token in history.all where logits.indices.contains(Int(token)) {
        let score = logits[Int(token)]
        logits[Int(token)] = score < 0 ? score * penalty : score / penalty
      }
    }
    for (token, count) in history.counts {
      logits[Int(token)] -= Float(options.presencePenalty + options.frequencyPenalty * Double(count))
    }
  }
}

/// What of a sequence penalties ask for, kept up from token to token.
package struct TokenHistory {
  /// How many tokens were made behind the prompt.
  package private(set) var made = 0
  /// The tokens that are there; empty where no penalty wants them.
  private(set) var all: Set<Int32> = []
  /// How often each token was made; empty where no penalty wants it.
  private(set) var counts: [Int32: Int] = [:]
  private let keepsAll: Bool
  private let keepsCounts: Bool

  package init(_ prompt: [Int32], options: GenerationOptions) {
    keepsAll = options.repetitionPenalty != 1
    keepsCounts = options.presencePenalty != 0 || options.frequencyPenalty != 0
    if keepsAll { all = Set(prompt) }
  }

  /// A token was made.
  package mutating func append(_ token: Int32) {
    made += 1
    if keepsAll { all.insert(token) }
    if keepsCounts { counts[token, default: 0] += 1 }
  }
}
