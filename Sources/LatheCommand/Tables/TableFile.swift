import Foundation
import LatheCore
import LatheML

/// The file behind a name that a person gave, and the words of its readers for a person.
enum TableFile {
  enum Kind { case csv, jsonLines, arff, parquet }

  /// Runs a function with a path of the file; what standard input brings is kept in a file without a name.
  ///
  /// - Throws: `LatheError` with the name that was given, and the options of commands.
  static func open<Result>(_ path: String, _ body: (_ file: String) throws -> Result) throws -> Result {
    var file = path
    var kept: FileHandle?
    if path == "-" {
      let own = try standardInput()
      kept = own
      file = "/proc/self/fd/\(own.fileDescriptor)"
    }
    return try withExtendedLifetime(kept) {
      do { return try body(file) } catch let error as LatheError {
        throw LatheError(error.kind, words(error.message.replacingOccurrences(of: file, with: name(path))))
      }
    }
  }

  /// What a file is called in messages.
  static func name(_ path: String) -> String { path == "-" ? "standard input" : path }

  private static func standardInput() throws -> FileHandle {
    guard let unnamed = tmpfile() else {
      throw LatheError(
        .file, "standard input: no file can be made to keep it: \(String(cString: strerror(errno)))")
    }
    defer { fclose(unnamed) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = read(STDIN_FILENO, &bytes, bytes.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else {
        throw LatheError(.file, "standard input: cannot be read: \(String(cString: strerror(errno)))")
      }
      if count == 0 { break }
      guard fwrite(bytes, 1, count, unnamed) == count else {
        throw LatheError(.file, "standard input: cannot be kept: \(String(cString: strerror(errno)))")
      }
    }
    guard fflush(unnamed) == 0 else {
      throw LatheError(.file, "standard input: cannot be kept: \(String(cString: strerror(errno)))")
    }
    return FileHandle(fileDescriptor: dup(fileno(unnamed)), closeOnDealloc: true)
  }

  /// What is in a file: by its name, of standard input and Parquet by its first bytes.
  ///
  /// - Throws: `LatheError.format` of what begins as files of other programs do.
  static func kind(_ file: String, named path: String) throws -> Kind {
    let head = try RegularFile(file).read(16, at: 0)
    func begins(_ text: String) -> Bool { head.starts(with: text.unicodeScalars.map { UInt8($0.value) }) }
    let name = path.lowercased()
    if begins("PAR1") || name.hasSuffix(".parquet") { return .parquet }
    let kinds: [(String, String)] = [
      ("%PDF", "a PDF"), ("PK\u{3}\u{4}", "a zip file, as spreadsheets are"),
      ("SQLite f", "an SQLite database"),
      ("\u{89}PNG", "a picture"),
    ]
    for (beginning, kind) in kinds where begins(beginning) {
      throw LatheError(.format, "\(file): is \(kind), not a table of text; export the table as CSV")
    }
    if name.hasSuffix(".jsonl") || name.hasSuffix(".jsonl.gz") { return .jsonLines }
    if name.hasSuffix(".arff") { return .arff }
    if name.hasSuffix(".json") || name.hasSuffix(".json.gz") {
      throw LatheError(
        .format,
        "\(file): a JSON file; tables are read from JSON Lines, one object a line (jq -c '.[]' makes them of a list), in a file whose name ends in .jsonl"
      )
    }
    guard path == "-" else { return .csv }
    let start = String(decoding: head, as: UTF8.self).drop { $0.isWhitespace }.lowercased()
    return start.hasPrefix("{") ? .jsonLines : start.hasPrefix("@relation") ? .arff : .csv
  }

  /// A message of the library with the options of commands in place of those of programs.
  static func words(_ message: String) -> String {
    let words: [(String, String)] = [
      (" Such rows can be set aside (option raggedRows)", " Such rows can be left out (--skip-bad-rows)"),
      ("(option numbersOrMissing; ", "("),
      ("or make them missing (numbersOrMissing)", "or make them missing (--numbers)"),
      ("(option encoding: windows1252, latin1)", "(--encoding windows-1252 or latin-1)"),
      ("(option encoding)", "(--encoding)"),
      ("read the file without quotes (option quote)", "mend the file"),
      ("(options decimal, thousands)", "(--decimal or --thousands)"),
      ("(option dateOrder)", "(--date-order)"),
      ("(type float64 rounds them)", "(--numbers rounds them)"),
      ("in the file or by the option names", "in the file"), ("(option memoryLimit)", "(--memory-limit)"),
      ("read fewer columns (option columns), or ", "store fewer columns, or "),
      ("read the other columns (option columns)", "store the other columns alone"),
      ("read the others (option columns)", "store the others alone"),
      ("others (option columns)", "others alone"),
      ("allow more (--data-limit)", "allow more (--memory-limit)"),
      ("fill missing values first (SimpleImputer)", "leave out the rows, or choose a model that fills them"),
      ("fill them first (SimpleImputer)", "leave out the rows, or choose a model that fills them"),
      (
        "the model takes it for a number, encode it (oneHot) otherwise",
        "mend it, or make such values missing (--numbers)"
      ),
      ("; leave them out (dropMissing)", "; leave them out"), ("; sort the table, and keep", "; keep"),
    ]
    return words.reduce(message) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
  }

  /// A message in which rows of a table are lines of the file.
  static func words(_ message: String, place: (Int) -> String) -> String {
    words(message).replacing(#/(?<before>^|[^'"\w])row (?<row>\d{1,15})\b/#) { match in
      Int(match.row).map { "\(match.before)\(place($0))" } ?? String(match.0)
    }
  }
}
