import LatheCore

extension Tensor {
  /// Elements written over: `x.assign(0, at: 1..<3, .all)` is `x[1..<3, .all] = ` a tensor of zeros.
  ///
  /// - Parameters:
  ///   - value: One number for all of them; takes the tensor's type by the rule of `cast(to:)`.
  ///   - indices: As between the brackets of a subscript.
  public mutating func assign(_ value: some TensorScalar, at indices: any TensorIndex...) {
    let region = region(indices)
    put(Tensor.full([], value, dtype: dtype, device: device), region)
  }

  /// The tensor with other elements at some of its places.
  ///
  /// - Parameters:
  ///   - value: Broadcasts to the shape of the places; takes the tensor's type by the rule of `cast(to:)`.
  ///   - indices: As between the brackets of a subscript.
  public func assigned(_ value: Tensor, at indices: any TensorIndex...) -> Tensor {
    var result = self
    result.put(value, region(indices))
    return result
  }

  /// Writes over the elements of a region: in this tensor's memory where nobody else holds it and no gradient is recorded,
  /// else in a copy.
  mutating func put(_ value: Tensor, _ region: IndexedRegion) {
    Tensor.requireOneDevice("assignment", self, value)
    require(
      Shape.broadcast(region.shape, value.shape) == region.shape,
      "assignment: values of shape \(value.shape) for places of shape \(region.shape)")
    let selection = region.selection
    let source = value.cast(to: dtype).expanded(to: region.shape).reshaped(to: selection.counts)
    // A graph that is recorded has no step that changes a tensor.
    let needsCopy = Tensor.isTracked([self, source]) || GraphRecorder.current != nil
    if needsCopy || !write(source.detached(), selection) { self = overwritten(selection, by: source) }
  }

  /// A copy with a region written over.
  private func overwritten(_ selection: AxisSelections, by source: Tensor) -> Tensor {
    let whole = Layout(shape)
    return Tensor.assembled(
      "assigned", shape, dtype: dtype, device: device,
      parts: [(self, whole), (source, selection.applied(to: whole))], fill: nil
    ) { gradient in
      let nothing = gradient.zero.expanded(to: selection.counts)
      return [gradient.overwritten(selection, by: nothing), gradient.selected(selection)]
    }
  }

  /// Whether the elements could be written in place; nothing has happened where not.
  private mutating func write(_ source: Tensor, _ selection: AxisSelections) -> Bool {
    // An element that stands at several places would change at all of them.
    let layout = layout
    for i in 0..<rank where shape[i] > 1 && layout.strides[i] == 0 { return false }
    let device = device
    return device.computationLock.withLock {
      do {
        // Computed first: what it was made of may be this very memory.
        let operand = try source.operand()
        guard try ownsMemory() else { return false }
        let region = Operand(
          buffer: try storage.lockedBuffer(), layout: selection.applied(to: layout), dtype: dtype)
        if region.elementCount > 0 {
          try device.computationLock.unlocked {
            try Dispatch.run(.copy, inputs: [operand], outputs: [region], on: device)
          }
        }
      } catch {
        storage = Storage(
          device: device, dtype: dtype, shape: shape, state: .failed(Dispatch.typed(error)))
        self = Tensor(storage)
      }
      return true
    }
  }
}

extension Tensor {
  /// Whether nobody else holds the memory; the tensor forgets its gradient.
  ///
  /// Neither the storage nor, in an operation that another thread is just running, the buffer. Called under the device's
  /// computation lock.
  ///
  /// - Throws: The error of what the tensor is computed by.
  mutating func ownsMemory() throws -> Bool {
    node = nil
    var buffer = try storage.lockedBuffer()
    guard isKnownUniquelyReferenced(&storage) else { return false }
    // Taken out for a moment, so that there is one reference where nobody else has any.
    storage.state = .computing
    defer { storage.state = .ready(buffer) }
    return isKnownUniquelyReferenced(&buffer)
  }
}
