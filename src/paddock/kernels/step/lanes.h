/* Vectors lane by lane and over their lanes: what rows of activations and of logits both need. */
#pragma once
#include "vectors.h"

INLINE size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* Bit by bit: a mask is of whole lanes. */
INLINE floats pick(ints mask, floats yes, floats no) {
    return (floats)((mask & (ints)yes) | (~mask & (ints)no));
}

/* The second where one is NaN. */
INLINE floats higher(floats a, floats b) {
#if LANES == 16
    return (floats)_mm512_max_ps((__m512)a, (__m512)b);
#elif LANES == 8
    return (floats)_mm256_max_ps((__m256)a, (__m256)b);
#else
    return pick(a > b, a, b);
#endif
}

INLINE float largest_lane(floats value) {
#if LANES == 16
    return _mm512_reduce_max_ps((__m512)value);
#else
    float most = value[0];
    for (int i = 1; i < LANES; i++) most = value[i] > most ? value[i] : most;
    return most;
#endif
}

/* Lane after lane, halves onto halves. */
INLINE float sum_of(floats value) {
    float lanes[LANES];
    memcpy(lanes, &value, sizeof lanes);
    for (int half = LANES / 2; half; half /= 2)
        for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
    return lanes[0];
}

/* Up to LANES floats; beyond count there are zeros. */
INLINE floats load_some(const float *from, size_t count) {
    floats loaded = {0};
    if (count >= LANES) return *(const unaligned_floats *)(const void *)from;
    memcpy(&loaded, from, count * sizeof *from);
    return loaded;
}

INLINE void store_some(float *to, size_t count, floats value) {
    if (count >= LANES) *(unaligned_floats *)(void *)to = value;
    else memcpy(to, &value, count * sizeof *to);
}
