#pragma once

#include <stdint.h>

// Vectors of words from the words around them: word2vec and fastText by negative sampling, GloVe by counts.
//
// Several threads may train the same tables at once without locks (Hogwild): rows that two of them change at the same time keep one
// of both changes. With one thread the same calls give the same bits.

enum {
  /// Elements of a row are padded to a multiple of this; the padding is zero and stays so.
  LATHE_WORD_LANES = 16,
  /// The most words that are drawn beside each right one.
  LATHE_WORD_MOST_NEGATIVES = 63,
};

/// Tables and what is drawn; nothing of it but the tables changes.
typedef struct {
  /// A row for each word, and behind them one for each bucket of n-grams.
  float *input;
  /// A row for each word.
  float *output;
  /// Floats of a row.
  long stride;
  /// The rows whose mean a word is begin at bags[starts[word]] and end at starts[word + 1]; NULL where a word is its row.
  const int32_t *starts, *bags;
  /// A word stays where the lower 31 bits of a number drawn are below this; NULL where all stay.
  const uint32_t *keep;
  /// An alias table of `words` places: the place itself where 24 bits drawn are below its share, else its alias.
  const uint32_t *shares;
  const int32_t *aliases;
  long words;
  /// The most words on each side that are looked at; how many is drawn, from one on.
  int window;
  /// Words drawn beside each right one.
  int negatives;
  /// Whether the mean of the words around predicts the word (CBOW) instead of each word around by itself.
  int is_cbow;
} lathe_word_tables;

/// One step: the mean of rows of the input predicts `targets`, the first of which is right and the others wrong.
///
/// All scores are taken before any row changes. As in word2vec and fastText, the gradient of the mean goes to each of its rows in
/// full. `scratch` has stride floats.
void lathe_word_step(
    const lathe_word_tables *tables, const int32_t *rows, long count, const int32_t *targets, long target_count,
    float rate, float *scratch);

/// Trains on words, of which -1 ends a sentence. `kept` has room for `count` words, `scratch` for stride floats, and `rows` for the
/// rows of 2 window words (of one, where it is not CBOW). `random` is not 0 and goes on.
void lathe_word_train(
    const lathe_word_tables *tables, const int32_t *tokens, long count, float rate, uint64_t *random, int32_t *kept,
    int32_t *rows, float *scratch);

/// GloVe's tables: rows of `stride` floats, of which the one behind the vector's `width` is the bias.
typedef struct {
  float *vectors, *vector_sums;
  float *contexts, *context_sums;
  long stride, width;
  float rate, power, most;
} lathe_glove_tables;

/// One step of AdaGrad for each cell; returns the sum of weighted squared errors.
double lathe_glove_train(
    const lathe_glove_tables *tables, const int32_t *words, const int32_t *contexts, const float *counts, long count);
