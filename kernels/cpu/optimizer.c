#include "include/optimizer.h"

#include "levels.h"

// Optimizer steps. Outputs may be the inputs' memory: everything is read before anything is written.

LATHE_INLINE void adam_block(
    const lathe_adam_step *s, const f16v *p, const f16v *g, const f16v *m, const f16v *v, f16v *p_out,
    f16v *m_out, f16v *v_out) {
  const f16v old = *p, d = *g + s->weight_decay * old;
  const f16v m1 = s->beta1 * *m + (1 - s->beta1) * d;
  const f16v v1 = s->beta2 * *v + (1 - s->beta2) * (d * d);
  *p_out = old * s->keep - s->step_size * m1 / (__builtin_elementwise_sqrt(v1) * s->scale2 + s->epsilon);
  *m_out = m1;
  *v_out = v1;
}

LATHE_LEVELS(void, lathe_adam,
    (const lathe_adam_step *s, const float *p, const float *g, const float *m, const float *v, float *p_out,
     float *m_out, float *v_out, long count),
    (s, p, g, m, v, p_out, m_out, v_out, count)) {
  const lathe_adam_step step = *s;
  long i = 0;
  for (; i + 16 <= count; i += 16)
    adam_block(
        &step, (const f16v *)(p + i), (const f16v *)(g + i), (const f16v *)(m + i), (const f16v *)(v + i),
        (f16v *)(p_out + i), (f16v *)(m_out + i), (f16v *)(v_out + i));
  if (i < count) {
    f16v a = {}, b = {}, c = {}, d = {};
    load_first(&a, p + i, count - i);
    load_first(&b, g + i, count - i);
    load_first(&c, m + i, count - i);
    load_first(&d, v + i, count - i);
    adam_block(&step, &a, &b, &c, &d, &a, &c, &d);
    store_first(p_out + i, &a, count - i);
    store_first(m_out + i, &c, count - i);
    store_first(v_out + i, &d, count - i);
  }
}

LATHE_INLINE void sgd_block(
    const lathe_sgd_step *s, const f16v *p, const f16v *g, const f16v *velocity, f16v *p_out, f16v *velocity_out) {
  const f16v old = *p;
  f16v d = *g + s->weight_decay * old;
  if (velocity) {
    const f16v v = s->is_first ? d : s->momentum * *velocity + (1 - s->dampening) * d;
    d = s->nesterov ? d + s->momentum * v : v;
    *velocity_out = v;
  }
  *p_out = old - s->learning_rate * d;
}

LATHE_LEVELS(void, lathe_sgd,
    (const lathe_sgd_step *s, const float *p, const float *g, const float *velocity, float *p_out,
     float *velocity_out, long count),
    (s, p, g, velocity, p_out, velocity_out, count)) {
  const lathe_sgd_step step = *s;
  long i = 0;
  for (; i + 16 <= count; i += 16)
    sgd_block(
        &step, (const f16v *)(p + i), (const f16v *)(g + i), velocity ? (const f16v *)(velocity + i) : NULL,
        (f16v *)(p_out + i), velocity ? (f16v *)(velocity_out + i) : NULL);
  if (i < count) {
    f16v a = {}, b = {}, c = {};
    load_first(&a, p + i, count - i);
    load_first(&b, g + i, count - i);
    if (velocity) load_first(&c, velocity + i, count - i);
    sgd_block(&step, &a, &b, velocity ? &c : NULL, &a, &c);
    store_first(p_out + i, &a, count - i);
    if (velocity) store_first(velocity_out + i, &c, count - i);
  }
}
