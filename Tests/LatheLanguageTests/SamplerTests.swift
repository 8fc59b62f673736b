import Foundation
import Testing

import LatheLanguage

/// Which tokens may be drawn, and how often.
@Suite struct SamplerTests {
  private static let logits: [Float] = [1, 3, 2, -.infinity, 0, 2.5]

  /// How often each token is drawn of a thousand evenly spread numbers.
  private func shares(_ change: (inout GenerationOptions) -> Void) -> [Int: Double] {
    var options = GenerationOptions()
    options.temperature = 1
    change(&options)
    let sampler = TokenSampler(options: options)
    var counts: [Int: Double] = [:]
    for step in 0..<1000 {
      if let token = sampler.choose(Self.logits, (Double(step) + 0.5) / 1000) {
        counts[token, default: 0] += 1e-3
      }
    }
    return counts
  }

  /// Probabilities by the definition.
  private func softmax(_ tokens: [Int], temperature: Double = 1) -> [Int: Double] {
    let weights = tokens.map { exp(Double(Self.logits[$0]) / temperature) }
    let sum = weights.reduce(0, +)
    return Dictionary(uniqueKeysWithValues: zip(tokens, weights.map { $0 / sum }))
  }

  private func expectEqual(_ found: [Int: Double], _ expected: [Int: Double], _ what: String) {
    #expect(Set(found.keys) == Set(expected.keys), "\(what): \(found)")
    for (token, share) in expected {
      #expect(abs((found[token] ?? 0) - share) < 2e-3, "\(what), token \(token)")
    }
  }

  @Test func probabilitiesAreThoseOfTheScores() {
    expectEqual(shares { _ in }, softmax([0, 1, 2, 4, 5]), "all")
    expectEqual(shares { $0.temperature = 0.5 }, softmax([0, 1, 2, 4, 5], temperature: 0.5), "temperature")
  }

  @Test func fewerTokens() {
    expectEqual(shares { $0.topK = 2 }, softmax([1, 5]), "top-k")
    expectEqual(shares { $0.topK = 100 }, softmax([0, 1, 2, 4, 5]), "top-k of more than there are")
    // 0.46, 0.28, 0.17, 0.06, 0.02: two make 0.74, three 0.91.
    expectEqual(shares { $0.topP = 0.7 }, softmax([1, 5]), "top-p")
    expectEqual(shares { $0.topP = 0.9 }, softmax([1, 2, 5]), "top-p")
    expectEqual(shares { $0.topP = 1e-9 }, softmax([1]), "top-p keeps one")
    // Of the likeliest: 1, 0.61, 0.37, 0.14, 0.05.
    expectEqual(shares { $0.minP = 0.3 }, softmax([1, 2, 5]), "min-p")
    expectEqual(shares { $0.minP = 1 }, softmax([1]), "min-p keeps one")
    // The expected surprise is 1.28; 1.27, 1.77, 0.77, 2.77, 3.77 are those of the tokens 5, 2, 1, 0, 4.
    expectEqual(shares { $0.typicalP = 0.1 }, softmax([5]), "typical-p")
    expectEqual(shares { $0.typicalP = 0.4 }, softmax([2, 5]), "typical-p")
  }

  @Test func theLikeliestIsTheFirstOfEqualOnes() {
    #expect(TokenSampler.largest([0, 2, 2, 1]) == 1)
    #expect(TokenSampler.largest([-.infinity, -.infinity]) == nil)
    #expect(TokenSampler.largest([.nan, 1]) == 1)
    #expect(TokenSampler(options: GenerationOptions()).choose(Self.logits, 0.99) == 1)
  }

  @Test func penaltiesChangeScoresOfWhatWasMade() {
    var options = GenerationOptions()
    options.repetitionPenalty = 2
    options.presencePenalty = 0.25
    options.frequencyPenalty = 0.5
    options.logitBias = [4: 1.5]
    options.forbiddenTokens = [5]
    options.minimumNewTokens = 4
    let rules = LogitRules(options: options, endTokens: [2])
    var logits: [Float] = [1, -3, 2, 0, 0, 9]
    var history = TokenHistory([3], options: options)
    for token: Int32 in [0, 1, 1] { history.append(token) }
    rules.apply(&logits, history: history)
    let expected: [Float] = [-0.25, -7.25, -.infinity, 0, 1.5, -.infinity]
    #expect(logits == expected)
  }

  @Test func forcedTokensComeFirst() {
    var options = GenerationOptions()
    options.forcedTokens = [2, 0]
    let rules = LogitRules(options: options, endTokens: [])
    var logits: [Float] = [1, 3, -5]
    var history = TokenHistory([], options: options)
    rules.apply(&logits, history: history)
    #expect(TokenSampler.largest(logits) == 2)
    logits = [1, 3, -5]
    for token: Int32 in [2, 0] { history.append(token) }
    rules.apply(&logits, history: history)
    #expect(logits == [1, 3, -5])
  }

  @Test func numbersDependOnSeedAndStepAlone() {
    let numbers = (0..<4000).map { TokenSampler.number(seed: UInt64($0 % 4), step: $0 / 4) }
    #expect(Set(numbers).count == 4000 && numbers.allSatisfy { $0 >= 0 && $0 < 1 })
    #expect(abs(numbers.reduce(0, +) / 4000 - 0.5) < 0.02)
    #expect(TokenSampler.number(seed: 3, step: 2) == numbers[11])
    #expect(TokenSampler.number(seed: 4, step: 2) != numbers[11])
  }

  @Test func textsToStopAtAreNotShown() {
    func run(_ stops: [String], _ pieces: [String]) -> (String, String?) {
      var texts = StopTexts(stops)
      var shown = ""
      for piece in pieces {
        let (part, found) = texts.append(piece)
        shown += part
        if let found { return (shown, found) }
      }
      return (shown + texts.finish(), nil)
    }
    #expect(run(["\n\n"], ["a\n", "b", "\n", "\nc"]) == ("a\nb", "\n\n"))
    #expect(run(["END"], ["xE", "N", "DO"]) == ("x", "END"))
    #expect(run(["END"], ["xE", "N"]) == ("xEN", nil))
    #expect(run(["bc", "abcd"], ["ab", "cd"]) == ("", "abcd"))
    #expect(run(["é"], ["caf", "é!"]) == ("caf", "é"))
    #expect(run([], ["a", "b"]) == ("ab", nil))
  }

  @Test func optionsThatCannotBeAreRefused() {
    func message(_ change: (inout GenerationOptions) -> Void) -> String {
      var options = GenerationOptions()
      change(&options)
      do { try options.check(vocabulary: 10) } catch { return "\(error)" }
      return "no error"
    }
    #expect(message { _ in } == "no error")
    #expect(message { $0.maximumNewTokens = 0 }.contains("0 new tokens"))
    #expect(message { $0.temperature = -1 }.contains("temperature of -1"))
    #expect(message { $0.temperature = .nan }.contains("temperature"))
    #expect(message { $0.topK = 0 }.contains("likeliest 0"))
    #expect(message { $0.topP = 1.5 }.contains("top-p of 1.5"))
    #expect(message { $0.minP = 0 }.contains("min-p"))
    #expect(message { $0.repetitionPenalty = 0 }.contains("repetition penalty"))
    #expect(message { $0.beams = 0 }.contains("0 beams"))
    #expect(message { $0.stop = [""] }.contains("empty text"))
    #expect(message { $0.forbiddenTokens = [10] }.contains("token 10"))
    #expect(
      message {
        $0.beams = 2
        $0.temperature = 1
      }.contains("temperature"))
    #expect(message { $0.minimumNewTokens = 300 }.contains("at least 300"))
  }
}
