import Glibc

/// Where in a program a mistake is.
package enum MistakePlace {
  /// Lets a process that ends by a mistake not look for its place.
  ///
  /// Without files there is no debugging information, whose search takes seconds in a program as large as the tests. That
  /// the place is found is a test of its own.
  package static func hide() {
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &none)
  }
}
