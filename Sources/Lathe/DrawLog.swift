import LatheCore
import Synchronization

/// The random numbers drawn inside a scope, to draw the same ones again.
final class DrawLog: Sendable {
  @TaskLocal static var current: DrawLog?

  private struct State {
    var keys: [RandomKey] = []
    var used = 0
  }

  private let state: Mutex<State>
  private let repeats: Bool
  /// The log of the scope around this one, which is to hold these draws too.
  private let outer: DrawLog?

  /// A log of what generators give.
  init(over outer: DrawLog?) {
    state = Mutex(State())
    repeats = false
    self.outer = outer
  }

  /// A log whose draws are handed out again, whatever the generators' states.
  init(repeating keys: [RandomKey]) {
    state = Mutex(State(keys: keys))
    repeats = true
    outer = nil
  }

  /// What was drawn.
  var keys: [RandomKey] { state.withLock { $0.keys } }
  /// Draws handed out again.
  var used: Int { state.withLock { $0.used } }
  /// Whether everything was handed out again.
  var isFinished: Bool { state.withLock { !repeats || $0.used == $0.keys.count } }

  /// The next draw; `draw` asks the generator.
  func key(_ draw: () -> RandomKey) -> RandomKey {
    if repeats {
      return state.withLock { state in
        guard state.used < state.keys.count else {
          stop(
            "recomputed: the second run draws more random numbers than the first: it must do the same each time"
          )
        }
        state.used += 1
        return state.keys[state.used - 1]
      }
    }
    let key = outer.map { $0.key(draw) } ?? draw()
    state.withLock { $0.keys.append(key) }
    return key
  }
}
