#if OpenCL
  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #endif
  import LatheCore

  /// The folder in which PoCL keeps what it compiles: without one it has no device.
  enum PoCLCache {
    /// Gives PoCL a folder in the system's temporary one where it could not write to its own.
    ///
    /// - Returns: What stands in the way where nothing can be done about it: `POCL_CACHE_DIR` is the user's choice.
    static func prepare() -> String? {
      if let chosen = environment("POCL_CACHE_DIR") {
        return isWritable(chosen) ? nil : "PoCL cannot write to POCL_CACHE_DIR, \(chosen.debugDescription)"
      }
      guard let usual = usualFolder, !isWritable(usual) else { return nil }
      let folder = (environment("TMPDIR") ?? "/tmp") + "/lathe-pocl-\(geteuid())"
      guard isWritable(folder), isOwn(folder) else {
        return
          "PoCL can write its cache neither to \(usual.debugDescription) nor to \(folder.debugDescription); "
          + "name another folder by POCL_CACHE_DIR"
      }
      setenv("POCL_CACHE_DIR", folder, 1)
      return nil
    }

    /// Where PoCL keeps its cache unless told otherwise; nil where it takes a temporary folder itself.
    private static var usualFolder: String? {
      if let cache = environment("XDG_CACHE_HOME") { return cache + "/pocl/kcache" }
      return environment("HOME").map { $0 + "/.cache/pocl/kcache" }
    }

    /// Whether a folder is there, made if need be, and takes files.
    private static func isWritable(_ folder: String) -> Bool {
      FileBytes.makeFolder(folder)
      var status = stat()
      return stat(folder, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        && access(folder, W_OK | X_OK) == 0
    }

    /// Whether a folder is this user's and no link: what others can write to could hold their programs.
    private static func isOwn(_ folder: String) -> Bool {
      var status = stat()
      return lstat(folder, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_uid == geteuid()
        && status.st_mode & 0o022 == 0
    }
  }
#endif
