import LatheML
import Testing

@Suite("Samplers and splits")
struct SamplerTests {
  let labels = (0..<100).map { $0 < 10 ? 0 : $0 < 40 ? 1 : 2 }

  @Test("Weights are met within chance, with and without replacement")
  func weighted() {
    let weights: [Double] = [0, 1, 2, 0, 7]
    let drawn = WeightedSampler(weights: weights, count: 20_000, seed: 4).order(epoch: 0)
    for (index, weight) in weights.enumerated() {
      let share = Double(drawn.count { $0 == index }) / 20_000
      #expect(abs(share - weight / 10) < 0.015, "\(index): \(share)")
    }
    let once = WeightedSampler(weights: weights, count: 3, withReplacement: false, seed: 4)
    #expect((0..<20).allSatisfy { once.order(epoch: $0).sorted() == [1, 2, 4] })
    // The heaviest comes first in about 7 of 10 epochs.
    let first = (0..<1000).count { once.order(epoch: $0)[0] == 4 }
    #expect(abs(first - 700) < 60)
    #expect(once.order(epoch: 3) == once.order(epoch: 3))
    let balanced = WeightedSampler.balanced(labels: labels, count: 9000, seed: 1).order(epoch: 0)
    for label in 0..<3 { #expect(abs(balanced.count { labels[$0] == label } - 3000) < 200) }
  }

  @Test("Any stretch of a stratified order has the classes in their shares")
  func stratified() {
    let order = StratifiedSampler(labels: labels, seed: 2).order(epoch: 5)
    #expect(order.sorted() == Array(0..<100))
    #expect(order != StratifiedSampler(labels: labels, seed: 2).order(epoch: 6))
    for start in 0...80 {
      let stretch = order[start..<start + 20].map { labels[$0] }
      for (label, share) in [(0, 2), (1, 6), (2, 12)] {
        #expect(abs(stretch.count { $0 == label } - share) <= 1)
      }
    }
  }

  @Test("Processes get parts of one size that hold everything", arguments: [1, 3, 4, 7, 30])
  func distributed(_ size: Int) {
    let base = RandomSampler(count: 23, seed: 8)
    for dropsLast in [false, true] {
      let parts = (0..<size).map { DistributedSampler(base, rank: $0, size: size, dropsLast: dropsLast) }
      let orders = parts.map { $0.order(epoch: 1) }
      #expect(Set(orders.map(\.count)).count == 1)
      #expect(zip(parts, orders).allSatisfy { $0.count == $1.count })
      let all = orders.flatMap { $0 }
      if dropsLast { #expect(Set(all).count == all.count) } else { #expect(Set(all) == Set(0..<23)) }
    }
  }

  @Test("Batches of similar length hold every example once and fill up little")
  func buckets() {
    let lengths = (0..<203).map { $0 * 37 % 100 + 1 }
    let sampler = BucketedBatches(
      RandomSampler(count: 203, seed: 1), lengths: lengths, size: 8, batchesInPool: 10, seed: 1)
    func filling(_ plan: BatchPlan) -> Int {
      (0..<plan.count).reduce(0) { sum, batch in
        let sizes = plan.range(batch).map { lengths[plan.order[$0]] }
        return sum + sizes.count * (sizes.max() ?? 0) - sizes.reduce(0, +)
      }
    }
    let plan = sampler.plan(epoch: 0)
    #expect(plan.count == 26 && sampler.batchCount == 26)
    #expect(plan.order.sorted() == Array(0..<203))
    #expect((0..<plan.count).map { plan.range($0).count }.sorted() == [3] + Array(repeating: 8, count: 25))
    #expect(sampler.plan(epoch: 1).order != plan.order)
    let plain = FixedBatches(RandomSampler(count: 203, seed: 1), size: 8).plan(epoch: 0)
    #expect(filling(plan) * 4 < filling(plain))
  }

  @Test("A last batch that is smaller can be left out")
  func dropsLast() {
    let batches = FixedBatches(SequentialSampler(count: 10), size: 4, dropsLast: true)
    #expect(batches.batchCount == 2 && batches.plan(epoch: 0).ends == [4, 8])
  }

  @Test("Sequences are filled up to the longest of their batch")
  func padding() throws {
    let batch = LabelledSequence.collate(
      [
        LabelledSequence(tokens: [1, 2, 3], label: 0, padding: 9),
        LabelledSequence(tokens: [4], label: 2, padding: 9),
        LabelledSequence(tokens: [], label: 1, padding: 9),
      ], on: .cpu)
    #expect(batch.inputs.shape == [3, 3] && batch.lengths == [3, 1, 0])
    #expect(try batch.inputs.scalars(as: Int.self) == [1, 2, 3, 4, 9, 9, 9, 9, 9])
    #expect(try batch.labels.scalars(as: Int.self) == [0, 2, 1])
  }

  @Test("Parts of a data set share nothing, by seed, with the classes in their shares where asked for")
  func split() throws {
    let data = NumberDataset(count: 100)
    let parts = try data.split([0.7, 0.2, 0.1], seed: 3)
    #expect(parts.map(\.count) == [70, 20, 10])
    #expect(parts.flatMap(\.indices).sorted() == Array(0..<100))
    #expect(try data.split([0.7, 0.2, 0.1], seed: 3).map(\.indices) == parts.map(\.indices))
    #expect(try data.split([0.7, 0.2, 0.1], seed: 4).map(\.indices) != parts.map(\.indices))
    let even = try data.split([0.5, 0.5], seed: 1, stratifiedBy: labels)
    for part in even {
      #expect((0..<3).map { label in part.indices.count { labels[$0] == label } } == [5, 15, 30])
    }
    #expect { try NumberDataset(count: 3).split([0.9, 0.1], seed: 0) } throws: {
      says($0, "leaves part 1 empty")
    }
  }

  @Test("Rows that do not fit together are an error")
  func mismatch() {
    #expect {
      try FeatureRow.collate(
        [
          FeatureRow(features: [1], target: .number(1)), FeatureRow(features: [1, 2], target: .number(1)),
        ], on: .cpu)
    } throws: { says($0, "1 and 2 features") }
  }
}
