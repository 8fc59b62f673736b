import Testing

@testable import LatheText

@Suite("Patterns")
struct PatternTests {}
