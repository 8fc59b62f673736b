import Foundation

/// A number with so many digits behind the point.
func digits(_ value: Double, _ places: Int) -> String { String(format: "%.\(places)f", value) }
