// The sums of convolution_filter_lanes_cpu.cl, partial [slice][group][chunk of channels][row][tap][lane], to
// result [group][row][channel][tap].
//
// Contract: grid (rows, chunks of LATHE_LANES channels, groups), work-group (1, 1, 1). Slices are added in order, so that the
// result depends on their number but never on timing.

__attribute__((reqd_work_group_size(1, 1, 1)))
__kernel void add_lane_slices(__global const float *restrict partial, __global float *restrict result,
                              const int channels, const int taps, const int slices) {
  const size_t row = get_global_id(0), rows = get_global_size(0);
  const size_t chunk = get_global_id(1), chunks = get_global_size(1);
  const size_t group = get_global_id(2), groups = get_global_size(2);
  const size_t slice_size = groups * chunks * rows * taps * LATHE_LANES;
  __global const float *from = partial + ((group * chunks + chunk) * rows + row) * taps * LATHE_LANES;
  __global float *to = result + ((group * rows + row) * channels + chunk * LATHE_LANES) * taps;
  const int count = min(LATHE_LANES, channels - (int)chunk * LATHE_LANES);
  for (int t = 0; t < taps; t++) {
    LATHE_V sum = (LATHE_V)0.0f;
    for (int s = 0; s < slices; s++) sum += LATHE_LOAD(t, from + s * slice_size);
    float lanes[LATHE_LANES];
    LATHE_STORE(sum, 0, lanes);
    for (int c = 0; c < count; c++) to[c * taps + t] = lanes[c];
  }
}
