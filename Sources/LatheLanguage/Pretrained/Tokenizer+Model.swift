import LatheCore
import LatheFiles
import LatheFormats
import LatheText

extension Tokenizer {
  /// Reads the tokeniser of a pre-trained model: of the files in its folder, or of the vocabulary in a GGUF file.
  ///
  /// - Parameter path: The model's folder, or a GGUF file.
  /// - Throws: `LatheError` where there is none, or a part of it is not supported.
  public convenience init(model path: String) throws {
    guard let file = try Self.vocabularyFile(path) else {
      try self.init(path: path)
      return
    }
    let content = try GGUFFile(path: file)
    guard let vocabulary = try StoredVocabulary(content) else {
      throw LatheError(.format, "\(file): there is no vocabulary in its metadata")
    }
    try self.init(vocabulary, source: file)
  }

  /// The GGUF file that has the vocabulary; nil where other files have it.
  private static func vocabularyFile(_ path: String) throws -> String? {
    guard FileErrors.isFolder(path) else { return path.hasSuffix(".gguf") ? path : nil }
    let names = try FolderListing.names(in: path)
    let files = names.filter { $0.hasSuffix(".gguf") }
    let hasOwn = ["tokenizer.json", "vocab.json", "vocab.txt"].contains { names.contains($0) }
    return hasOwn || files.count != 1 ? nil : "\(path)/\(files[0])"
  }
}
