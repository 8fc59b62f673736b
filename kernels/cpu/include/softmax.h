#pragma once

#include <stdbool.h>
#include <stdint.h>

// Each takes rows first..<last; distinct rows may be done by distinct threads. `streams` says that the result is too
// large to be found in a cache later: it is then written past the caches where its rows allow that.

/// y = softmax of each row of x, or its logarithm.
void lathe_softmax(const float *x, float *y, long columns, bool logarithm, bool streams, long first, long last);

/// dx of softmax from dy and the forward output.
void lathe_softmax_backward(
    const float *dy, const float *y, float *dx, long columns, bool logarithm, bool streams, long first, long last);

/// What is asked of cross-entropy, as `CrossEntropy` of LatheCore.
typedef struct lathe_cross_entropy {
  long classes;
  bool of_logarithms;
  bool has_ignored;
  int32_t ignored;
  float smoothing;
} lathe_cross_entropy;

/// loss of each row, and its largest element and the logarithm of the sum of exponentials relative to it, the two `parts`
/// of logSumExp; returns the first row whose label is out of range, or -1.
long lathe_cross_entropy_forward(
    const lathe_cross_entropy *s, const float *logits, const int32_t *labels, float *loss, float *parts,
    long first, long last);

/// dlogits of each row; returns the first row whose label is out of range, or -1.
long lathe_cross_entropy_backward(
    const lathe_cross_entropy *s, const float *logits, const int32_t *labels, const float *parts,
    const float *dloss, float *dlogits, long first, long last);
