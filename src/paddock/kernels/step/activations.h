/* Activations beside codes: signed bytes, -127 to 127, with one scale for a group.
 *
 * Codes stand as unsigned numbers with an offset. What that adds to a group's sum depends on the
 * activations alone, so it is computed here, once for all outputs.
 */
#pragma once
#include "small_blocks.h"
#include "vectors.h"

/* Of Q8, Q4, Q4K and Q5K. */
struct activations {
    int8_t codes[GROUP];
    float scale;
    union {
        int32_t start;   /* Q8, Q4: minus the offset times the sum of codes */
        float minus_sum; /* Q4K, Q5K: of the activations that the codes stand for */
    };
};

/* Of Q6K. */
struct six_activations {
    int8_t codes[SIX_GROUP];
    float scale;
    int32_t start; /* minus the offset times the sum of codes */
};

INLINE int32_t quad_at(const int8_t *codes, int word) {
    int32_t quad;
    memcpy(&quad, codes + 4 * word, 4);
    return quad;
}

/* Gives the sum of codes. NaN or infinity makes the scale NaN, and so a row's every product. */
INLINE int32_t round_group(const float *x, int count, int8_t *codes, float *scale) {
    uint32_t largest = largest_magnitude(x, (size_t)count);
    float inverse = inverse_of(*scale = float_of(largest) / 127.0f);
    int32_t sum = 0;
    if (largest >= INFINITY_BITS) *scale = float_of(0x7fc00000u), inverse = 0.0f;
    for (int i = 0; i < count; i++) {
        int32_t code = (int32_t)nearest(inverse == 0.0f ? 0.0f : x[i] * inverse);
        codes[i] = (int8_t)code;
        sum += code;
    }
    return sum;
}

static void prepare_groups(int kind, const float *x, size_t inputs, struct activations *prepared) {
    for (size_t g = 0; g < inputs / GROUP; g++, x += GROUP, prepared++) {
        int32_t sum = round_group(x, GROUP, prepared->codes, &prepared->scale);
        if (has_minima(kind)) prepared->minus_sum = -prepared->scale * (float)sum;
        else prepared->start = -sum * (kind == M_Q8 ? Q8_OFFSET : Q4_OFFSET);
    }
}

static void prepare_sixes(const float *x, size_t inputs, struct six_activations *prepared) {
    for (size_t g = 0; g < inputs / SIX_GROUP; g++, x += SIX_GROUP, prepared++)
        prepared->start = -Q6_OFFSET * round_group(x, SIX_GROUP, prepared->codes, &prepared->scale);
}
