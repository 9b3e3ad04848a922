/* Q8_0 and Q4_0: 32 elements with one F16 scale.
 *
 * The format fixes their bits: quantize_row_q8_0_ref and quantize_row_q4_0_ref of llama.cpp
 * (ggml-quants.c) with every product and sum rounded on its own. The counterpart in NumPy is
 * paddock/checkpoint/codecs/small_blocks.py.
 */
#pragma once
#include "numbers.h"

enum { SMALL = 32, Q8_0_BYTES = 34, Q4_0_BYTES = 18 };

/* Bits of the largest float32 whose inverse is infinite. As F16 such a scale is 0. */
#define LAST_VANISHING 0x00200000u

INLINE float inverse_of(float scale) {
    return (bits_of(scale) & 0x7fffffffu) > LAST_VANISHING ? 1.0f / scale : 0.0f;
}

/* Whether the block could be written: all finite, and a scale that F16 can hold. */
INLINE int encode_q8_0(const float *values, uint8_t *block) {
    uint32_t largest = largest_magnitude(values, SMALL);
    float scale = float_of(largest) / 127.0f, inverse = inverse_of(scale);
    uint16_t half = half_of_float(scale);
    memcpy(block, &half, 2);
    int8_t *codes = (int8_t *)block + 2;
    for (int i = 0; i < SMALL; i++) {
        float scaled = values[i] * inverse;
        /* C's roundf for what fits here: add the largest float below one half, cut off. */
        float half_away = float_of(0x3effffffu | (bits_of(scaled) & 0x80000000u));
        codes[i] = (int8_t)(int32_t)(scaled + half_away);
    }
    return half < 0x7c00;
}

INLINE void decode_q8_0(const uint8_t *block, float *values) {
    uint16_t half;
    memcpy(&half, block, 2);
    float scale = float_of_half(half);
    const int8_t *codes = (const int8_t *)block + 2;
    for (int i = 0; i < SMALL; i++) values[i] = (float)codes[i] * scale;
}

/* The element of largest magnitude; of equal ones the first gives the sign. */
INLINE float extreme_of(const float *values) {
    /* The magnitude, and below it in one case the sign, in the other its opposite. */
    uint32_t negative = 0, positive = 0;
    for (int i = 0; i < SMALL; i++) {
        uint32_t bits = bits_of(values[i]), turned = bits << 1 | bits >> 31;
        negative = turned > negative ? turned : negative;
        positive = (turned ^ 1) > positive ? turned ^ 1 : positive;
    }
    uint32_t largest = negative >> 1, above = positive & 1, below = negative & 1;
    /* Without a branch, since the sign is as good as random; but both are rare. Zeros count as +0. */
    if (__builtin_expect(above & below, 0))
        for (int i = 0; i < SMALL; i++)
            if ((bits_of(values[i]) & 0x7fffffffu) == largest) return values[i] + 0.0f;
    return float_of(largest | (uint32_t)(!above & (largest != 0)) << 31);
}

INLINE int encode_q4_0(const float *values, uint8_t *block) {
    float extreme = extreme_of(values);
    float scale = extreme / -8.0f, inverse = inverse_of(scale);
    uint16_t half = half_of_float(scale);
    memcpy(block, &half, 2);
    /* Where the inverse would be infinite, llama.cpp's codes are 0 on x86. */
    float ceiling = inverse == 0.0f && scale != 0.0f ? 0.0f : 15.0f;
    for (int i = 0; i < SMALL / 2; i++) {
        float low = values[i] * inverse + 8.5f, high = values[i + SMALL / 2] * inverse + 8.5f;
        int32_t low_code = (int32_t)(low < ceiling ? low : ceiling);
        int32_t high_code = (int32_t)(high < ceiling ? high : ceiling);
        block[2 + i] = (uint8_t)(low_code | high_code << 4);
    }
    return (half & 0x7fff) < 0x7c00;
}

INLINE void decode_q4_0(const uint8_t *block, float *values) {
    uint16_t half;
    memcpy(&half, block, 2);
    float scale = float_of_half(half);
    for (int i = 0; i < SMALL / 2; i++) {
        values[i] = (float)((block[2 + i] & 15) - 8) * scale;
        values[i + SMALL / 2] = (float)((block[2 + i] >> 4) - 8) * scale;
    }
}
