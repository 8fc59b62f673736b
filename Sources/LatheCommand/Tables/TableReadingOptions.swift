#if CommandLine
  import ArgumentParser
  import LatheML

  /// How the commands for tables read a file.
  struct TableReadingOptions: ParsableArguments {
    /// What stands first in dates.
    enum First: String, CaseIterable, ExpressibleByArgument {
      case year, month, day
    }

    @Option(
      parsing: .upToNextOption,
      help: ArgumentHelp("Columns in which what is no number is missing.", valueName: "column"))
    var numbers: [String] = []

    @Option(help: "The encoding of a CSV file: utf-8, utf-16le, utf-16be, latin-1, windows-1252.")
    var encoding: String?

    @Option(parsing: .unconditional, help: "The decimal mark of a CSV file; without it found.")
    var decimal: String?

    @Option(parsing: .unconditional, help: "What stands between groups of three digits in a CSV file.")
    var thousands: String?

    @Option(help: "What dates of a CSV file begin with: year, month, day; without it what they show.")
    var dateOrder: First?

    @Flag(help: "Leave out rows of a CSV file that have another number of fields than the first.")
    var skipBadRows = false

    @Option(
      help: ArgumentHelp(
        "The memory that may be used: 500MB, 4GB; without it most of what is free.", valueName: "size"))
    var memoryLimit: AutoMLCommand.ByteCount?

    func validate() throws {
      if let encoding, TextEncoding(rawValue: encoding.lowercased()) == nil {
        throw ValidationError(
          "--encoding is '\(encoding)'; give \(TextEncoding.allCases.map(\.rawValue).joined(separator: ", "))"
        )
      }
      for (name, mark) in [("decimal", decimal), ("thousands", thousands)] {
        if let mark, mark.count != 1 {
          throw ValidationError("--\(name) is '\(mark)'; give one character")
        }
      }
    }

    /// The same for the reader.
    var reading: TableInput.Options {
      var csv = CSVOptions()
      csv.numbersOrMissing = Set(numbers)
      csv.encoding = encoding.flatMap { TextEncoding(rawValue: $0.lowercased()) }
      csv.decimal = decimal?.first
      csv.thousands = thousands?.first
      csv.dateOrder =
        switch dateOrder {
        case .year: .yearMonthDay
        case .month: .monthDayYear
        case .day: .dayMonthYear
        case nil: nil
        }
      if skipBadRows { csv.raggedRows = .setAside }
      return TableInput.Options(csv: csv, memoryLimit: memoryLimit?.bytes)
    }

    /// Whether something was said.
    var isGiven: Bool {
      !numbers.isEmpty || encoding != nil || decimal != nil || thousands != nil || dateOrder != nil
        || skipBadRows
        || memoryLimit != nil
    }
  }
#endif
