/* The sampler's passes as functions that may be called from outside; see sampling.h. */
#include "levels.h"
#include "sampling.h"

DEFINE_AT_LEVEL(sampling)

EXPORT int64_t paddock_largest(int level, const float *row, size_t n, float *maxima,
                               float *largest) {
    return sampling_at_level(level)->largest(row, n, maxima, largest);
}

EXPORT double paddock_sum_exp(int level, const float *row, size_t n, float largest) {
    return sampling_at_level(level)->sum_exp(row, n, largest);
}

EXPORT int64_t paddock_draw(int level, const float *row, size_t n, const float *maxima,
                            float largest, const struct drawing *how, float *spare) {
    return sampling_at_level(level)->draw(row, n, maxima, largest, how, spare);
}

EXPORT float paddock_kth(int level, const float *row, size_t n, const float *maxima, size_t k,
                         float *spare) {
    return sampling_at_level(level)->kth(row, n, maxima, k, spare);
}

EXPORT void paddock_masked(int level, const float *row, size_t n, const uint32_t *mask,
                           float *result) {
    sampling_at_level(level)->masked(row, n, mask, result);
}
