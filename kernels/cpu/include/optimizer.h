#pragma once

#include <stdbool.h>

/// One step of Adam, as `AdamStep` of LatheCore.
typedef struct lathe_adam_step {
  float beta1, beta2, epsilon, weight_decay;
  /// 1 - learning rate * decoupled decay.
  float keep;
  float step_size;
  /// 1 / sqrt(1 - beta2^t).
  float scale2;
} lathe_adam_step;

/// `count` elements; each output may be the input of the same name.
void lathe_adam(
    const lathe_adam_step *s, const float *p, const float *g, const float *m, const float *v, float *p_out,
    float *m_out, float *v_out, long count);

/// One step of stochastic gradient descent, as `SGDStep` of LatheCore.
typedef struct lathe_sgd_step {
  float learning_rate, momentum, dampening, weight_decay;
  bool nesterov, is_first;
} lathe_sgd_step;

/// `count` elements; velocity and velocity_out are NULL without momentum.
void lathe_sgd(
    const lathe_sgd_step *s, const float *p, const float *g, const float *velocity, float *p_out,
    float *velocity_out, long count);
