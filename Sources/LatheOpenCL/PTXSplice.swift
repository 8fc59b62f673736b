#if OpenCL
  import LatheCore

  /// Puts instructions into a program's PTX that no OpenCL compiler takes; see matrix_wgmma.clh.
  ///
  /// In the text that a compiler made they are comments with a mark in front, which hold the names of its registers. Without
  /// the mark, and for the processor's own instruction set (`.target sm_90a`), the assembler takes them. A text that is not
  /// as expected is refused: comments would silently compute nothing.
  package enum PTXSplice {
    /// In front of instructions in a comment.
    static let mark = "//sm_90a "

    /// The text with its comments as instructions.
    package static func spliced(_ ptx: String) throws -> String {
      var lines: [String] = []
      var instructions: [Substring] = []
      var isTargeted = false
      for line in ptx.split(separator: "\n", omittingEmptySubsequences: false) {
        let words = line.split { $0 == " " || $0 == "\t" || $0 == "," }
        if words.first == ".version" {
          guard let number = words.last.flatMap({ Double($0) }), number >= 8 else {
            throw refused("it is \(line), and wgmma is of 8.0")
          }
        }
        if words.first == ".target", words.count > 1 {
          guard words[1] == "sm_90" || words[1] == "sm_90a" else { throw refused("it is for \(words[1])") }
          isTargeted = true
          let rest = line.drop { $0 != "_" }.drop { $0 != "," }
          lines.append(".target sm_90a" + rest)
        } else if let range = line.firstRange(of: mark) {
          guard line[..<range.lowerBound].allSatisfy(\.isWhitespace) else {
            throw refused("instructions stand behind others: \(line)")
          }
          instructions += try statements(line[range.upperBound...])
          lines.append("\t" + line[range.upperBound...])
        } else {
          lines.append(String(line))
        }
      }
      guard isTargeted else { throw refused("it names no target") }
      for name in [
        "fence.proxy.async", "wgmma.fence", "wgmma.mma_async", "wgmma.commit_group", "wgmma.wait_group",
      ] {
        guard instructions.contains(where: { $0.hasPrefix(name) }) else { throw refused("it has no \(name)") }
      }
      return lines.joined(separator: "\n")
    }

    /// The instructions of a comment, each of which is whole.
    private static func statements(_ text: Substring) throws -> [Substring] {
      let trimmed = text.drop(while: \.isWhitespace)
      let end = trimmed.lastIndex { !$0.isWhitespace }
      guard let end, trimmed[end] == ";" else { throw refused("instructions do not end: \(text)") }
      let statements = trimmed[..<end].split(separator: ";").map { $0.drop(while: \.isWhitespace) }
      for statement in statements where statement.hasPrefix("wgmma.mma_async") {
        // The shape's number of columns is twice that of the registers, which follow in braces, and then two places and five
        // numbers.
        let columns = statement.split(separator: ".").first { $0.hasPrefix("m64n") }
          .flatMap { Int($0.dropFirst("m64n".count).prefix(while: \.isNumber)) }
        let parts = statement.split { $0 == "{" || $0 == "}" }
        let names = parts.count == 3 ? parts[1].split { $0 == "," || $0 == " " } : []
        let operands = parts.count == 3 ? parts[2].split { $0 == "," || $0 == " " } : []
        guard let columns, names.count == columns / 2, Set(names).count == names.count,
          names.allSatisfy({ $0.hasPrefix("%") }), operands.count == 7,
          operands[..<2].allSatisfy({ $0.hasPrefix("%") }), operands[2...].allSatisfy({ Int($0) != nil })
        else { throw refused("a product has other operands than expected: \(statement)") }
      }
      return statements
    }

    private static func refused(_ reason: String) -> LatheError {
      LatheError(.kernelBuild, "the driver's PTX cannot be changed for wgmma: \(reason)")
    }
  }
#endif
