import Lathe

/// Whether an optimizer's step is made, known to the device alone.
struct StepVerdict {
  /// 1 for a step that is made, 0 for one that changes nothing.
  let isMade: Tensor
  /// Steps asked for before, of which it is not known either how many were made.
  let asked: Int
  /// How many of them were made.
  let done: Tensor

  /// What a rule needs of the device: the verdict, then the numbers of the step's index; all 0 where the step is not made.
  ///
  /// The numbers of every index that the step can have are computed here, so that they are those of a step whose index is
  /// known.
  ///
  /// - Parameters:
  ///   - first: The least index.
  ///   - numbers: Those of an index.
  func numbers(from first: Int, _ numbers: (Int) -> [Float]) -> Tensor {
    let rows = (0...asked).map { [Float($0), 1] + numbers(first + $0) }
    let table = Tensor(rows.joined().map { $0 }, shape: [rows.count, rows[0].count], device: isMade.device)
    let places = table.sliced(axis: 1, to: 1)
    let values = table.sliced(axis: 1, from: 1)
    return Tensor.where(places .== done, values * isMade, Float(0)).sum(axes: [0])
  }
}
