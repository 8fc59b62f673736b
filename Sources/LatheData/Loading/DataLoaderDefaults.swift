/// What a `DataLoader` does unless told otherwise.
public enum DataLoaderDefaults {
  /// Batches prepared ahead.
  public static let prefetch = 4
}
