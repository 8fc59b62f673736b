#include <string.h>

#include "include/elementwise.h"
#include "include/workspace.h"
#include "vector_types.h"

// Scratch memory: the pointer of every register, then the slots.

static size_t round_up(size_t bytes) { return (bytes + 63) / 64 * 64; }

static size_t pointer_bytes(const struct lathe_plan *plan) {
  return round_up((size_t)plan->register_count * sizeof(void *));
}

size_t lathe_plan_scratch(const struct lathe_plan *plan) {
  return pointer_bytes(plan) + (size_t)plan->slot_count * (size_t)plan->slot_bytes;
}

/// Writes `count` copies of an element.
static void fill(void *out, const void *value, int32_t size, size_t count) {
  switch (size) {
    case 1: memset(out, *(const uint8_t *)value, count); break;
    case 2: {
      uint16_t v = *(const uint16_t *)value, *o = out;
      for (size_t i = 0; i < count; i++) o[i] = v;
      break;
    }
    case 4: {
      uint32_t v = *(const uint32_t *)value, *o = out;
      for (size_t i = 0; i < count; i++) o[i] = v;
      break;
    }
    default: {
      uint64_t v = *(const uint64_t *)value, *o = out;
      for (size_t i = 0; i < count; i++) o[i] = v;
      break;
    }
  }
}

/// Copies `count` elements that are `stride` bytes apart.
static void gather_run(void *out, const char *from, int64_t stride, int32_t size, size_t count) {
  if (stride == size) {
    memcpy(out, from, count * (size_t)size);
    return;
  }
  if (stride == 0) {
    fill(out, from, size, count);
    return;
  }
  switch (size) {
    case 1: for (size_t i = 0; i < count; i++) ((uint8_t *)out)[i] = *(const uint8_t *)(from + (int64_t)i * stride); break;
    case 2: for (size_t i = 0; i < count; i++) ((uint16_t *)out)[i] = *(const uint16_t *)(from + (int64_t)i * stride); break;
    case 4: for (size_t i = 0; i < count; i++) ((uint32_t *)out)[i] = *(const uint32_t *)(from + (int64_t)i * stride); break;
    default: for (size_t i = 0; i < count; i++) ((uint64_t *)out)[i] = *(const uint64_t *)(from + (int64_t)i * stride); break;
  }
}

/// Where `count` elements of an input from `position` on are: in place if they are neighbours, else in `slot`.
static const void *fetch(const struct lathe_plan *plan, const struct lathe_input *input, size_t position,
                         size_t count, void *slot) {
  if (input->is_dense) return input->base + (int64_t)position * input->element_size;
  int last = plan->rank - 1;
  int64_t index[8];
  const char *from = input->base;
  int64_t rest = (int64_t)position;
  for (int axis = last; axis >= 0; axis--) {
    int64_t next = rest / plan->shape[axis];
    index[axis] = rest - next * plan->shape[axis];
    from += index[axis] * input->strides[axis];
    rest = next;
  }
  int64_t stride = input->strides[last];
  int32_t size = input->element_size;
  size_t run = (size_t)(plan->shape[last] - index[last]);
  if (run >= count && stride == size) return from;
  char *out = slot;
  size_t left = count;
  for (;;) {
    if (run > left) run = left;
    gather_run(out, from, stride, size, run);
    left -= run;
    if (left == 0) return slot;
    out += run * (size_t)size;
    from -= index[last] * stride;
    index[last] = 0;
    for (int axis = last - 1; axis >= 0; axis--) {
      from += input->strides[axis];
      if (++index[axis] < plan->shape[axis]) break;
      from -= index[axis] * input->strides[axis];
      index[axis] = 0;
    }
    run = (size_t)plan->shape[last];
  }
}

static void *slot_of(const struct lathe_plan *plan, void *scratch, uint16_t reg) {
  return (char *)scratch + pointer_bytes(plan) + (int64_t)plan->slots[reg] * plan->slot_bytes;
}

void lathe_plan_begin(const struct lathe_plan *plan, void *scratch) {
  const void **registers = scratch;
  for (int i = 0; i < plan->register_count; i++)
    registers[i] = plan->slots[i] >= 0 ? slot_of(plan, scratch, (uint16_t)i) : NULL;
  for (int i = 0; i < plan->constant_count; i++) {
    const struct lathe_constant *constant = &plan->constants[i];
    fill(slot_of(plan, scratch, constant->reg), &constant->bits, constant->element_size, (size_t)plan->fill_count);
  }
  for (int i = 0; i < plan->input_count; i++) {
    const struct lathe_input *input = &plan->inputs[i];
    if (input->is_constant)
      fill(slot_of(plan, scratch, input->reg), input->base, input->element_size, (size_t)plan->fill_count);
  }
}

/// Asks for part `part` of `parts` of the next block's dense inputs and outputs.
///
/// Steps that compute much leave memory idle and the hardware's own prefetching ends with each page, so without
/// this a long program would wait for memory and compute in turn.
static void prefetch_part(const struct lathe_plan *plan, const void **registers, size_t count, int part, int parts) {
  for (int i = 0; i < plan->input_count; i++) {
    const struct lathe_input *input = &plan->inputs[i];
    if (!input->is_dense) continue;
    size_t bytes = count * (size_t)input->element_size;
    const char *next = (const char *)registers[input->reg] + bytes;
    size_t end = bytes * (size_t)(part + 1) / (size_t)parts;
    for (size_t at = bytes * (size_t)part / (size_t)parts; at < end; at += 64) __builtin_prefetch(next + at);
  }
  for (int i = 0; i < plan->output_count; i++) {
    const struct lathe_output *output = &plan->outputs[i];
    if (output->streams) continue;
    size_t bytes = count * (size_t)output->element_size;
    const char *next = (const char *)registers[output->reg] + bytes;
    size_t end = bytes * (size_t)(part + 1) / (size_t)parts;
    for (size_t at = bytes * (size_t)part / (size_t)parts; at < end; at += 64) __builtin_prefetch(next + at, 1);
  }
}

const void *lathe_plan_block(const struct lathe_plan *plan, void *scratch, size_t position, size_t count,
                             uint16_t result) {
  const void **registers = scratch;
  for (int i = 0; i < plan->input_count; i++) {
    const struct lathe_input *input = &plan->inputs[i];
    if (input->is_constant) continue;
    void *slot = plan->slots[input->reg] >= 0 ? slot_of(plan, scratch, input->reg) : NULL;
    registers[input->reg] = fetch(plan, input, position, count, slot);
  }
  for (int i = 0; i < plan->output_count; i++) {
    const struct lathe_output *output = &plan->outputs[i];
    if (!output->streams) registers[output->reg] = output->base + (int64_t)position * output->element_size;
  }
  for (int i = 0; i < plan->step_count; i++) {
    const struct lathe_step *step = &plan->steps[i];
    step->kernel((void *)registers[step->out], registers[step->a], registers[step->b], registers[step->c], count);
    if (i + 1 < plan->step_count) prefetch_part(plan, registers, count, i, plan->step_count - 1);
  }
  for (int i = 0; i < plan->output_count; i++) {
    const struct lathe_output *output = &plan->outputs[i];
    if (!output->streams) continue;
    char *to = output->base + (int64_t)position * output->element_size;
    const size_t bytes = count * (size_t)output->element_size;
    if (((uintptr_t)to | bytes) % 64 == 0) {
      stream_lines(to, registers[output->reg], bytes / 64);
    } else {
      memcpy(to, registers[output->reg], bytes);
    }
  }
  return registers[result];
}

size_t lathe_plan_block_size(const struct lathe_plan *plan, size_t position, size_t end) {
  size_t count = end - position < LATHE_BLOCK ? end - position : LATHE_BLOCK;
  size_t row = (size_t)plan->shape[plan->rank - 1];
  if (row < LATHE_BLOCK / 2) return count;
  size_t left = row - position % row;
  return left < count ? left : count;
}

void *lathe_plan_ready(const struct lathe_plan *plan) {
  void *scratch = lathe_workspace(LATHE_WORKSPACE_REGISTERS, lathe_plan_scratch(plan) / sizeof(float));
  if (scratch) lathe_plan_begin(plan, scratch);
  return scratch;
}

void lathe_plan_run(const struct lathe_plan *plan, size_t begin, size_t end) {
  void *scratch = lathe_plan_ready(plan);
  if (!scratch) return;
  for (size_t position = begin; position < end;) {
    size_t count = lathe_plan_block_size(plan, position, end);
    lathe_plan_block(plan, scratch, position, count, 0);
    position += count;
  }
  stream_end();
}
