import LatheCore

/// How exactly products of float32 tensors are computed, as PyTorch's `set_float32_matmul_precision` says it.
public enum Float32MatmulPrecision: String, Sendable, Hashable, Codable, CaseIterable {
  /// In float32.
  case highest
  /// In tf32 where a device has matrix units for it: operands are rounded to 11 bits of precision, with float32's range, and
  /// summed in float32. Elsewhere in float32.
  case high
}

/// Runs `body` with products of float32 tensors (`matmul`, `linear` and what is made of them) at least so exact.
///
/// Tensors stay float32. Products of at most eight rows, which wait for memory, convolutions and attention are computed in
/// float32 in any case. Gradients are as exact as the products that they belong to, wherever they are asked for.
public func withFloat32MatmulPrecision<R>(_ precision: Float32MatmulPrecision, _ body: () throws -> R)
  rethrows
  -> R
{
  try Float32MatmulPrecision.$current.withValue(precision, operation: body)
}

extension Float32MatmulPrecision {
  /// What products see.
  @TaskLocal static var current = Float32MatmulPrecision.highest
}
