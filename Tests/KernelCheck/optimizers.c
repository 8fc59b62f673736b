#include "check.h"

// Steps of Adam and of stochastic gradient descent, in place and apart.

static const long sizes[] = {1, 7, 16, 33, 5000};

static void check_adam(long size, bool in_place) {
  const lathe_adam_step s = {
      .beta1 = 0.9f, .beta2 = 0.999f, .epsilon = 1e-8f, .weight_decay = 0.02f, .keep = 0.999f, .step_size = 0.05f,
      .scale2 = 1 / 0.3f};
  float *p = random_floats(size), *g = random_floats(size), *m = random_floats(size), *v = random_floats(size);
  double *new_p = zero_doubles(size), *new_m = zero_doubles(size), *new_v = zero_doubles(size);
  for (long i = 0; i < size; i++) {
    v[i] = fabsf(v[i]);
    const double d = g[i] + (double)s.weight_decay * p[i];
    new_m[i] = (double)s.beta1 * m[i] + (1 - (double)s.beta1) * d;
    new_v[i] = (double)s.beta2 * v[i] + (1 - (double)s.beta2) * d * d;
    new_p[i] = (double)p[i] * s.keep - s.step_size * new_m[i] / (sqrt(new_v[i]) * s.scale2 + s.epsilon);
  }
  float *p_out = in_place ? p : blank_floats(size), *m_out = in_place ? m : blank_floats(size);
  float *v_out = in_place ? v : blank_floats(size);
  describe("Adam of %ld%s", size, in_place ? ", in place" : "");
  lathe_adam(&s, p, g, m, v, p_out, m_out, v_out, size);
  expect_close("parameters", p_out, new_p, size, 2e-6, 1);
  expect_close("m", m_out, new_m, size, 2e-6, 1);
  expect_close("v", v_out, new_v, size, 2e-6, 1);
  release();
}

static void check_sgd(long size, float momentum, bool nesterov, bool is_first, bool in_place) {
  const lathe_sgd_step s = {
      .learning_rate = 0.1f, .momentum = momentum, .dampening = nesterov ? 0 : 0.2f, .weight_decay = 0.01f,
      .nesterov = nesterov, .is_first = is_first};
  float *p = random_floats(size), *g = random_floats(size), *v = momentum != 0 ? random_floats(size) : NULL;
  double *new_p = zero_doubles(size), *new_v = zero_doubles(size);
  for (long i = 0; i < size; i++) {
    double d = g[i] + (double)s.weight_decay * p[i];
    if (v) {
      new_v[i] = is_first ? d : (double)momentum * v[i] + (1 - (double)s.dampening) * d;
      d = nesterov ? d + (double)momentum * new_v[i] : new_v[i];
    }
    new_p[i] = p[i] - (double)s.learning_rate * d;
  }
  float *p_out = in_place ? p : blank_floats(size), *v_out = in_place ? v : v ? blank_floats(size) : NULL;
  describe("SGD of %ld, momentum %g%s%s", size, (double)momentum, nesterov ? ", nesterov" : "",
      is_first ? ", first" : "");
  lathe_sgd(&s, p, g, v, p_out, v_out, size);
  expect_close("parameters", p_out, new_p, size, 2e-6, 1);
  if (v) expect_close("velocity", v_out, new_v, size, 2e-6, 1);
  release();
}

void check_optimizers(void) {
  for (int i = 0; i < 5; i++)
    for (int in_place = 0; in_place < 2; in_place++) {
      check_adam(sizes[i], in_place);
      check_sgd(sizes[i], 0, false, false, in_place);
      check_sgd(sizes[i], 0.9f, false, false, in_place);
      check_sgd(sizes[i], 0.9f, false, true, in_place);
      check_sgd(sizes[i], 0.9f, true, false, in_place);
    }
}
