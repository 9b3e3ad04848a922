/* Q4_K, Q5_K and Q6_K as bytes: where codes and scales of a super-block of 256 elements lie.
 *
 * The layouts are ggml-common.h's block_q4_K, block_q5_K and block_q6_K. Decoding multiplies in the
 * order of gguf.quants, each step rounded on its own. The counterpart in NumPy is
 * paddock/checkpoint/codecs/k_layout.py.
 */
#pragma once
#include "numbers.h"

enum { SUPER = 256, Q4_K_BYTES = 144, Q5_K_BYTES = 176, Q6_K_BYTES = 210 };

/* Eight scales and eight minima of six bits in twelve bytes. */
INLINE void pack_scales(const uint8_t *scales, const uint8_t *minima, uint8_t *packed) {
    for (int i = 0; i < 4; i++) {
        packed[i] = (uint8_t)(scales[i] | (scales[i + 4] >> 4) << 6);
        packed[i + 4] = (uint8_t)(minima[i] | (minima[i + 4] >> 4) << 6);
        packed[i + 8] = (uint8_t)((scales[i + 4] & 15) | (minima[i + 4] & 15) << 4);
    }
}

INLINE void unpack_scales(const uint8_t *packed, uint8_t *scales, uint8_t *minima) {
    for (int i = 0; i < 4; i++) {
        scales[i] = packed[i] & 63;
        minima[i] = packed[i + 4] & 63;
        scales[i + 4] = (uint8_t)((packed[i + 8] & 15) | (packed[i] >> 6) << 4);
        minima[i + 4] = (uint8_t)((packed[i + 8] >> 4) | (packed[i + 4] >> 6) << 4);
    }
}

/* The low four bits: of every 64 codes, the second half lies above the first. */
INLINE void pack_nibbles(const uint8_t *codes, uint8_t *packed) {
    for (int group = 0; group < 4; group++)
        for (int i = 0; i < 32; i++)
            packed[32 * group + i] =
                (uint8_t)((codes[64 * group + i] & 15) | (codes[64 * group + 32 + i] & 15) << 4);
}

/* The fifth bits: bit k of byte i is element i of the k-th 32. */
INLINE void pack_fifth_bits(const uint8_t *codes, uint8_t *packed) {
    memset(packed, 0, 32);
    for (int group = 0; group < 8; group++)
        for (int i = 0; i < 32; i++)
            packed[i] |= (uint8_t)((codes[32 * group + i] >> 4) << group);
}

/* Six bits: of every 128 codes the low four as two rows of 32 bytes, the high two as one. */
INLINE void pack_six_bits(const uint8_t *codes, uint8_t *low, uint8_t *high) {
    for (int part = 0; part < 2; part++, codes += 128, low += 64, high += 32)
        for (int i = 0; i < 32; i++) {
            uint8_t a = codes[i], b = codes[i + 32], c = codes[i + 64], d = codes[i + 96];
            low[i] = (uint8_t)((a & 15) | (c & 15) << 4);
            low[i + 32] = (uint8_t)((b & 15) | (d & 15) << 4);
            high[i] = (uint8_t)(a >> 4 | (b >> 4) << 2 | (c >> 4) << 4 | (d >> 4) << 6);
        }
}

/* Q4_K where fifth is NULL, Q5_K where it is the 32 bytes of fifth bits. */
INLINE void decode_with_minima(const uint8_t *block, const uint8_t *fifth, const uint8_t *low,
                               float *values) {
    uint16_t halves[2];
    memcpy(halves, block, 4);
    float scale = float_of_half(halves[0]), minimum = float_of_half(halves[1]);
    uint8_t scales[8], minima[8];
    unpack_scales(block + 4, scales, minima);
    for (int sub = 0; sub < 8; sub++) {
        float step = scale * (float)scales[sub], offset = minimum * (float)minima[sub];
        const uint8_t *row = low + 32 * (sub / 2);
        int shift = sub % 2 * 4;
        for (int i = 0; i < 32; i++) {
            int32_t code = (row[i] >> shift) & 15;
            if (fifth) code |= ((fifth[i] >> sub) & 1) << 4;
            values[32 * sub + i] = step * (float)code - offset;
        }
    }
}

INLINE void decode_q4_k(const uint8_t *block, float *values) {
    decode_with_minima(block, NULL, block + 16, values);
}

INLINE void decode_q5_k(const uint8_t *block, float *values) {
    decode_with_minima(block, block + 16, block + 48, values);
}

INLINE void decode_q6_k(const uint8_t *block, float *values) {
    const uint8_t *low = block, *high = block + 128;
    const int8_t *scales = (const int8_t *)block + 192;
    uint16_t half;
    memcpy(&half, block + 208, 2);
    float scale = float_of_half(half);
    for (int row = 0; row < 8; row++) { /* a row is 32 elements: two sub-blocks of 16 */
        const uint8_t *nibbles = low + 64 * (row / 4) + 32 * (row % 2);
        const uint8_t *pairs = high + 32 * (row / 4);
        int shift = row % 4 / 2 * 4, pair_shift = row % 4 * 2;
        float steps[2] = {scale * (float)scales[2 * row], scale * (float)scales[2 * row + 1]};
        for (int i = 0; i < 32; i++) {
            int32_t code = ((nibbles[i] >> shift) & 15) | ((pairs[i] >> pair_shift) & 3) << 4;
            values[32 * row + i] = (i < 16 ? steps[0] : steps[1]) * (float)(code - 32);
        }
    }
}
