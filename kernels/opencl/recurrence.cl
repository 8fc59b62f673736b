// Recurrent cells; rows.clh goes in front.
//
//   forward            one step of all sequences: gates from both projections, the new states, what the gradient needs
//   backward           the gates' gradients and that of the state before, except through its projection
//   forward_sequence, backward_sequence (cpu)
//                      all steps of some sequences, their products with the weights included: the steps of a sequence
//                      wait for each other, sequences do not
//
// Contract: cpu: a work-item does rows_per_group sequences; gpu: a vector of ROW_LANES units of one. Sequence b's step t is place b * steps + t of
// projected [gates * columns], saved [KEPT * columns] and the states [columns]; product is [batch, GATES * columns]
// forward and [batch, columns] backward. CELL: 0 tanh, 1 relu, 2 LSTM, 3 GRU, as `RecurrentCell`. Without c, mask or
// bias another buffer stands in their place, and a flag says so.

#if CELL == 2
#define GATES 4
#define KEPT 5
#elif CELL == 3
#define GATES 3
#define KEPT 4
#else
#define GATES 1
#define KEPT 1
#endif

#if LATHE_PROFILE_CPU
#define EACH_ROW(row)                                                   \
  const int first = (int)get_group_id(0) * rows_per_group;              \
  const int end = min(first + rows_per_group, rows);                    \
  for (int row = first; row < end; row++)
#define EACH_VECTOR(i, n) FOR_VECTORS(i, n)
#else
// Without loops, whose pointers would take registers.
#define EACH_ROW(row)                                                   \
  const int row = (int)((uint)get_global_id(0) / (uint)(columns / ROW_LANES)); \
  if (row < rows)
#define EACH_VECTOR(i, n) \
  const int i = (int)((uint)get_global_id(0) % (uint)((n) / ROW_LANES)) * ROW_LANES;
#endif

#define LOAD_V(from) ROW_LOAD(from)
#define LOAD_S(from) (*(from))
#define STORE_V(value, to) ROW_STORE(value, to)
#define STORE_S(value, to) (*(to) = (value))
#if LATHE_PROFILE_CPU
#define SIGMOID_V lathe_sigmoid_f16
#define TANH_V lathe_tanh_f16
#elif ROW_LANES == 4
#define SIGMOID_V lathe_sigmoid_f4
#define TANH_V lathe_tanh_f4
#else
#define SIGMOID_V lathe_sigmoid_f1
#define TANH_V lathe_tanh_f1
#endif
#define SIGMOID_S lathe_sigmoid_f1
#define TANH_S lathe_tanh_f1
#define RELU_V(x) select(x, (ROW_VECTOR)0.0f, (x) < 0.0f)
#define RELU_S(x) ((x) < 0.0f ? 0.0f : (x))
#define POSITIVE_V(x, y) select(y, (ROW_VECTOR)0.0f, (x) <= 0.0f)
#define POSITIVE_S(x, y) ((x) <= 0.0f ? 0.0f : (y))

// Gate g's sum, KIND is V or S.
#define GATE(KIND, g) (LOAD_##KIND(x + (g) * columns + i) + HIDDEN(KIND, g))
#define HIDDEN(KIND, g) \
  (has_bias ? LOAD_##KIND(p + (g) * columns + i) + LOAD_##KIND(bias + (g) * columns + i) \
            : LOAD_##KIND(p + (g) * columns + i))
#define KEEP(KIND, k, value) STORE_##KIND(value, kept + (k) * columns + i)
#define MASKED(value, old) (mask * (value) + (1.0f - mask) * (old))

#if CELL == 0
#define FORWARD(KIND, T) \
  const T y = TANH_##KIND(GATE(KIND, 0)); \
  KEEP(KIND, 0, y); \
  STORE_##KIND(MASKED(y, LOAD_##KIND(h + i)), h_to + i);
#elif CELL == 1
#define FORWARD(KIND, T) \
  const T z = GATE(KIND, 0); \
  const T y = RELU_##KIND(z); \
  KEEP(KIND, 0, y); \
  STORE_##KIND(MASKED(y, LOAD_##KIND(h + i)), h_to + i);
#elif CELL == 2
#if LATHE_PROFILE_CPU
#define FORWARD(KIND, T) \
  const T in = SIGMOID_##KIND(GATE(KIND, 0)); \
  const T forget = SIGMOID_##KIND(GATE(KIND, 1)); \
  const T g = TANH_##KIND(GATE(KIND, 2)); \
  const T out = SIGMOID_##KIND(GATE(KIND, 3)); \
  const T old = LOAD_##KIND(c + i); \
  const T next = forget * old + in * g; \
  const T y = TANH_##KIND(next); \
  KEEP(KIND, 0, in); \
  KEEP(KIND, 1, forget); \
  KEEP(KIND, 2, g); \
  KEEP(KIND, 3, out); \
  KEEP(KIND, 4, y); \
  STORE_##KIND(MASKED(next, old), c_to + i); \
  STORE_##KIND(MASKED(out * y, LOAD_##KIND(h + i)), h_to + i);
#else
// What is done with is stored at once, which takes fewer registers.
#define FORWARD(KIND, T) \
  const T in = SIGMOID_##KIND(GATE(KIND, 0)); \
  KEEP(KIND, 0, in); \
  const T forget = SIGMOID_##KIND(GATE(KIND, 1)); \
  KEEP(KIND, 1, forget); \
  const T g = TANH_##KIND(GATE(KIND, 2)); \
  KEEP(KIND, 2, g); \
  const T old = LOAD_##KIND(c + i); \
  const T next = forget * old + in * g; \
  const T y = TANH_##KIND(next); \
  const T out = SIGMOID_##KIND(GATE(KIND, 3)); \
  KEEP(KIND, 3, out); \
  KEEP(KIND, 4, y); \
  STORE_##KIND(MASKED(next, old), c_to + i); \
  STORE_##KIND(MASKED(out * y, LOAD_##KIND(h + i)), h_to + i);
#endif
#else
#define FORWARD(KIND, T) \
  const T r = SIGMOID_##KIND(GATE(KIND, 0)); \
  const T z = SIGMOID_##KIND(GATE(KIND, 1)); \
  const T hidden = HIDDEN(KIND, 2); \
  const T n = TANH_##KIND(LOAD_##KIND(x + 2 * columns + i) + r * hidden); \
  const T old = LOAD_##KIND(h + i); \
  KEEP(KIND, 0, r); \
  KEEP(KIND, 1, z); \
  KEEP(KIND, 2, n); \
  KEEP(KIND, 3, hidden); \
  STORE_##KIND(MASKED(n + z * (old - n), old), h_to + i);
#endif

static inline void forward_row(__global const float *x, __global const float *p, __global const float *bias,
                               __global const float *h, __global const float *c, __global float *h_to,
                               __global float *c_to, __global float *kept, const float mask, const int has_bias,
                               const int columns) {
  EACH_VECTOR(i, columns) { FORWARD(V, ROW_VECTOR) }
  FOR_REST(i, columns) { FORWARD(S, float) }
}

// The state before lies `past` places in front of the states' memory; where `is_first` it is [batch, columns].
ROW_ATTRIBUTES __kernel void forward(__global const float *restrict projected, __global const float *restrict product,
                                     __global const float *restrict bias, __global const float *first_h,
                                     __global const float *first_c, __global const float *restrict masks,
                                     __global float *states, __global float *restrict saved, const int has_bias,
                                     const int has_mask, const int is_first, const int steps, const int step,
                                     const int before, const int rows, const int columns, const int rows_per_group) {
  __global float *cells = states + (size_t)rows * steps * columns;
  EACH_ROW(row) {
    const size_t place = (size_t)row * steps + step, past = (size_t)row * steps + before;
    __global const float *h = is_first ? first_h + (size_t)row * columns : states + past * columns;
    __global const float *c = is_first ? first_c + (size_t)row * columns : cells + past * columns;
    forward_row(projected + place * GATES * columns, product + (size_t)row * GATES * columns, bias, h, c,
                states + place * columns, cells + place * columns, saved + place * KEPT * columns,
                has_mask ? masks[place] : 1.0f, has_bias, columns);
  }
}

#define KEPT_AT(KIND, k) LOAD_##KIND(kept + (k) * columns + i)
#define GRADIENT(KIND, g, value) STORE_##KIND(value, d + (g) * columns + i)
#define HIDDEN_GRADIENT(KIND, g, value) STORE_##KIND(value, d_hidden + (g) * columns + i)
#define CARRY(KIND) \
  (has_product ? LOAD_##KIND(carried + i) + LOAD_##KIND(through + i) : LOAD_##KIND(carried + i))

#if CELL == 0 || CELL == 1
#if CELL == 0
#define SLOPE(KIND, a, e) ((e) * (1.0f - (a) * (a)))
#else
#define SLOPE(KIND, a, e) POSITIVE_##KIND(a, e)
#endif
#define BACKWARD(KIND, T) \
  const T a = KEPT_AT(KIND, 0); \
  GRADIENT(KIND, 0, SLOPE(KIND, a, e)); \
  STORE_##KIND((1.0f - mask) * total, carried + i);
#elif CELL == 2
#define BACKWARD(KIND, T) \
  const T in = KEPT_AT(KIND, 0), forget = KEPT_AT(KIND, 1), g = KEPT_AT(KIND, 2), out = KEPT_AT(KIND, 3); \
  const T y = KEPT_AT(KIND, 4); \
  const T cell_total = LOAD_##KIND(dc + i) + LOAD_##KIND(cell_carried + i); \
  const T by_c = e * out * (1.0f - y * y) + mask * cell_total; \
  GRADIENT(KIND, 0, by_c * g * in * (1.0f - in)); \
  GRADIENT(KIND, 1, by_c * LOAD_##KIND(c + i) * forget * (1.0f - forget)); \
  GRADIENT(KIND, 2, by_c * in * (1.0f - g * g)); \
  GRADIENT(KIND, 3, e * y * out * (1.0f - out)); \
  STORE_##KIND((1.0f - mask) * total, carried + i); \
  STORE_##KIND(by_c * forget + (1.0f - mask) * cell_total, cell_carried + i);
#else
#define BACKWARD(KIND, T) \
  const T r = KEPT_AT(KIND, 0), z = KEPT_AT(KIND, 1), n = KEPT_AT(KIND, 2); \
  const T by_n = e * (1.0f - z) * (1.0f - n * n); \
  const T by_r = by_n * KEPT_AT(KIND, 3) * r * (1.0f - r); \
  const T by_z = e * (LOAD_##KIND(h + i) - n) * z * (1.0f - z); \
  GRADIENT(KIND, 0, by_r); \
  GRADIENT(KIND, 1, by_z); \
  GRADIENT(KIND, 2, by_n); \
  HIDDEN_GRADIENT(KIND, 0, by_r); \
  HIDDEN_GRADIENT(KIND, 1, by_z); \
  HIDDEN_GRADIENT(KIND, 2, by_n * r); \
  STORE_##KIND(e * z + (1.0f - mask) * total, carried + i);
#endif

static inline void backward_row(__global const float *dh, __global const float *dc, __global const float *kept,
                                __global const float *h, __global const float *c, __global const float *through,
                                __global float *d, __global float *d_hidden, __global float *carried,
                                __global float *cell_carried, const float mask, const int has_product,
                                const int columns) {
  EACH_VECTOR(i, columns) {
    const ROW_VECTOR total = LOAD_V(dh + i) + CARRY(V);
    const ROW_VECTOR e = mask * total;
    BACKWARD(V, ROW_VECTOR)
  }
  FOR_REST(i, columns) {
    const float total = LOAD_S(dh + i) + CARRY(S);
    const float e = mask * total;
    BACKWARD(S, float)
  }
}

// carry and cell_carry [batch, columns]: the gradient of the state after the step, then of the one before.
ROW_ATTRIBUTES __kernel void backward(__global const float *restrict dstates, __global const float *restrict states,
                                      __global const float *restrict saved, __global const float *restrict first_h,
                                      __global const float *restrict first_c, __global const float *restrict masks,
                                      __global const float *restrict product, __global float *restrict dprojected,
                                      __global float *restrict dhidden, __global float *restrict carry,
                                      __global float *restrict cell_carry, const int has_product, const int has_mask,
                                      const int is_first, const int steps, const int step, const int before,
                                      const int rows, const int columns, const int rows_per_group) {
  const size_t count = (size_t)rows * steps * columns;
  EACH_ROW(row) {
    const size_t place = (size_t)row * steps + step, past = (size_t)row * steps + before;
    __global const float *h = is_first ? first_h + (size_t)row * columns : states + past * columns;
    __global const float *c = is_first ? first_c + (size_t)row * columns : states + count + past * columns;
    backward_row(dstates + place * columns, dstates + count + place * columns, saved + place * KEPT * columns, h, c,
                 product + (size_t)row * columns, dprojected + place * GATES * columns,
                 dhidden + place * GATES * columns, carry + (size_t)row * columns, cell_carry + (size_t)row * columns,
                 has_mask ? masks[place] : 1.0f, has_product, columns);
  }
}

#if LATHE_PROFILE_CPU

// `rows` rows of a, at least one and at most ROWS, times a panel of `width` <= PANEL columns; a row behind the last repeats
// it and is not stored.
#define PANEL (2 * LATHE_LANES)
#define DEFINE_TILE(ROWS)                                                                                           \
  static inline void tile_##ROWS(__global const float *a, const int a_row, __global const float *b, const int k,    \
                                 __global float *to, const int to_row, const int rows, const int width,             \
                                 const int adds) {                                                                  \
    LATHE_V sum[ROWS][2];                                                                                           \
    __global const float *from[ROWS];                                                                               \
    _Pragma("unroll") for (int r = 0; r < ROWS; r++) {                                                              \
      sum[r][0] = sum[r][1] = (LATHE_V)0.0f;                                                                        \
      from[r] = a + min(r, rows - 1) * a_row;                                                                       \
    }                                                                                                               \
    for (int p = 0; p < k; p++) {                                                                                   \
      const LATHE_V b0 = LATHE_LOAD(0, b), b1 = LATHE_LOAD(1, b);                                                   \
      b += PANEL;                                                                                                   \
      _Pragma("unroll") for (int r = 0; r < ROWS; r++) {                                                            \
        const LATHE_V x = (LATHE_V)from[r][p];                                                                      \
        sum[r][0] += x * b0;                                                                                        \
        sum[r][1] += x * b1;                                                                                        \
      }                                                                                                             \
    }                                                                                                               \
    LATHE_V sums[ROWS * 2];                                                                                         \
    _Pragma("unroll") for (int i = 0; i < ROWS * 2; i++) sums[i] = sum[i / 2][i % 2];                               \
    _Pragma("unroll 1") for (int i = 0; i < rows * 2; i++)                                                          \
      put(to + (i / 2) * to_row + i % 2 * LATHE_LANES, sums[i], width - i % 2 * LATHE_LANES, adds);                 \
  }

static inline void put(__global float *to, LATHE_V value, const int count, const int adds) {
  if (count >= LATHE_LANES) {
    LATHE_STORE(adds ? LATHE_LOAD(0, to) + value : value, 0, to);
  } else {
    float lanes[LATHE_LANES];
    LATHE_STORE(value, 0, lanes);
    for (int i = 0; i < count; i++) to[i] = adds ? to[i] + lanes[i] : lanes[i];
  }
}

DEFINE_TILE(4)
#if LATHE_REGISTERS >= 32
#define MOST_ROWS 8
DEFINE_TILE(8)
#define MOST_TILE tile_8
#else
#define MOST_ROWS 6
DEFINE_TILE(6)
#define MOST_TILE tile_6
#endif

// to [rows, n] (+)= a [rows, k] x the panels that pack_panels of gemm_cpu.cl writes, two vectors wide.
static inline void multiply(__global const float *a, const int a_row, __global const float *panels, const int k,
                            __global float *to, const int n, const int rows, const int adds) {
  for (int first = 0; first < n; first += PANEL, panels += (size_t)PANEL * k) {
    const int width = min(PANEL, n - first);
    int row = 0;
    for (; row + 4 < rows; row += MOST_ROWS)
      MOST_TILE(a + row * a_row, a_row, panels, k, to + row * n + first, n, min(MOST_ROWS, rows - row), width, adds);
    if (row < rows)
      tile_4(a + row * a_row, a_row, panels, k, to + row * n + first, n, rows - row, width, adds);
  }
}

static inline void copy_row(__global const float *from, __global float *to, const int count) {
  FOR_VECTORS(i, count) ROW_STORE(ROW_LOAD(from + i), to + i);
  FOR_REST(i, count) to[i] = from[i];
}

// turns [batch, turn_row]: what the product of a step reads, in rows that do not share the sets of a cache as those of
// the states may; products [batch, GATES * columns]; panels: the weights.
ROW_ATTRIBUTES __kernel void forward_sequence(
    __global const float *restrict projected, __global const float *restrict panels, __global const float *restrict bias,
    __global const float *first_h, __global const float *first_c, __global const float *restrict masks,
    __global float *states, __global float *restrict saved, __global float *turns, __global float *products,
    const int has_bias, const int has_mask, const int is_reversed, const int steps, const int turn_row, const int rows,
    const int columns, const int rows_per_group) {
  const int first = (int)get_group_id(0) * rows_per_group;
  const int count = min(rows_per_group, rows - first);
  __global float *cells = states + (size_t)rows * steps * columns;
  turns += (size_t)first * turn_row;
  products += (size_t)first * GATES * columns;
  for (int i = 0; i < count; i++) copy_row(first_h + (size_t)(first + i) * columns, turns + i * turn_row, columns);
  for (int turn = 0; turn < steps; turn++) {
    const int step = is_reversed ? steps - 1 - turn : turn, before = is_reversed ? step + 1 : step - 1;
    multiply(turns, turn_row, panels, columns, products, GATES * columns, count, 0);
    for (int i = 0; i < count; i++) {
      const size_t row = first + i, place = row * steps + step;
      __global const float *c = turn == 0 ? first_c + row * columns : cells + (row * steps + before) * columns;
      forward_row(projected + place * GATES * columns, products + i * GATES * columns, bias, turns + i * turn_row, c,
                  states + place * columns, cells + place * columns, saved + place * KEPT * columns,
                  has_mask ? masks[place] : 1.0f, has_bias, columns);
      copy_row(states + place * columns, turns + i * turn_row, columns);
    }
  }
}

// carry and cell_carry [batch, columns] begin as zeros and end as the gradients of the first states.
ROW_ATTRIBUTES __kernel void backward_sequence(
    __global const float *restrict dstates, __global const float *restrict states, __global const float *restrict saved,
    __global const float *restrict first_h, __global const float *restrict first_c, __global const float *restrict masks,
    __global const float *restrict panels, __global float *dprojected, __global float *dhidden, __global float *carry,
    __global float *cell_carry, __global float *turns, const int has_mask, const int is_reversed, const int steps,
    const int turn_row, const int rows, const int columns, const int rows_per_group) {
  const int first = (int)get_group_id(0) * rows_per_group;
  const int count = min(rows_per_group, rows - first);
  const size_t all = (size_t)rows * steps * columns;
  turns += (size_t)first * turn_row;
  carry += (size_t)first * columns;
  cell_carry += (size_t)first * columns;
  for (int turn = 0; turn < steps; turn++) {
    const int step = is_reversed ? turn : steps - 1 - turn, before = is_reversed ? step + 1 : step - 1;
    for (int i = 0; i < count; i++) {
      const size_t row = first + i, place = row * steps + step, past = row * steps + before;
      const int is_first = turn == steps - 1;
      __global const float *h = is_first ? first_h + row * columns : states + past * columns;
      __global const float *c = is_first ? first_c + row * columns : states + all + past * columns;
      backward_row(dstates + place * columns, dstates + all + place * columns, saved + place * KEPT * columns, h, c,
                   carry, dprojected + place * GATES * columns, dhidden + place * GATES * columns, carry + i * columns,
                   cell_carry + i * columns, has_mask ? masks[place] : 1.0f, 0, columns);
      copy_row(dhidden + place * GATES * columns, turns + i * turn_row, GATES * columns);
    }
    multiply(turns, turn_row, panels, GATES * columns, carry, columns, count, 1);
  }
}
#endif
