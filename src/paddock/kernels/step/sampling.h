/* The passes over a row of logits that the sampler makes; what they are for is in engine/sampling.
 *
 * A row has n numbers, no NaN and no +inf but for sampling_largest. Tokens are taken in blocks of 64,
 * whose largest logits let whole blocks be passed over. No state; sums are in one fixed order.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { TOKEN_BLOCK = 64 };
enum { NOTHING_ALLOWED = -1, NO_NUMBER = -2 };

struct drawing {
    double temperature; /* above 0 */
    double top_p;       /* 1: all */
    double least;       /* the lowest scaled logit that min-p lets pass; -inf: all */
    uint64_t seed;
    uint64_t top_k; /* 0: all */
    uint32_t position;
    uint32_t first; /* the first token with the largest logit */
};

struct sampling {
    /* The first token with the largest logit, which is put at largest, and those of all blocks; or
     * NOTHING_ALLOWED, or NO_NUMBER. */
    int64_t (*largest)(const float *row, size_t n, float *maxima, float *largest);
    /* Sum of e^(logit - largest). */
    double (*sum_exp)(const float *row, size_t n, float largest);
    /* The token that is drawn; spare has room for 5 n numbers. */
    int64_t (*draw)(const float *row, size_t n, const float *maxima, float largest,
                    const struct drawing *how, float *spare);
    /* The k-th largest logit; spare has room for n numbers. */
    float (*kth)(const float *row, size_t n, const float *maxima, size_t k, float *spare);
    /* The row with -inf wherever the mask's bit is 0. */
    void (*masked)(const float *row, size_t n, const uint32_t *mask, float *result);
};

const struct sampling *sampling_at_level(int level);
