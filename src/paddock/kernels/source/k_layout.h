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

INLINE void unpack_six_bits(const uint8_t *low, const uint8_t *high, uint8_t *codes) {
    for (int part = 0; part < 2; part++, codes += 128, low += 64, high += 32)
        for (int i = 0; i < 32; i++) {
            uint8_t a = low[i], b = low[i + 32], pairs = high[i];
            codes[i] = (uint8_t)((a & 15) | (pairs & 3) << 4);
            codes[i + 32] = (uint8_t)((b & 15) | ((pairs >> 2) & 3) << 4);
            codes[i + 64] = (uint8_t)(a >> 4 | ((pairs >> 4) & 3) << 4);
            codes[i + 96] = (uint8_t)(b >> 4 | (pairs >> 6) << 4);
        }
}

/* Codes of Q4_K where fifth is NULL, of Q5_K where it is the 32 bytes of fifth bits. */
INLINE void unpack_with_minima(const uint8_t *fifth, const uint8_t *low, uint8_t *codes) {
    for (int sub = 0; sub < 8; sub++)
        for (int i = 0; i < 32; i++) {
            int code = (low[32 * (sub / 2) + i] >> sub % 2 * 4) & 15;
            if (fifth) code |= ((fifth[i] >> sub) & 1) << 4;
            codes[32 * sub + i] = (uint8_t)code;
        }
}

/* Q4_K where fifth is NULL, else Q5_K. */
INLINE void decode_with_minima(const uint8_t *block, const uint8_t *fifth, const uint8_t *low,
                               float *values) {
    uint16_t halves[2];
    memcpy(halves, block, 4);
    float scale = float_of_half(halves[0]), minimum = float_of_half(halves[1]);
    uint8_t scales[8], minima[8], codes[SUPER];
    unpack_scales(block + 4, scales, minima);
    unpack_with_minima(fifth, low, codes);
    for (int sub = 0; sub < 8; sub++) {
        float step = scale * (float)scales[sub], offset = minimum * (float)minima[sub];
        for (int i = 32 * sub; i < 32 * sub + 32; i++) values[i] = step * (float)codes[i] - offset;
    }
}

INLINE void decode_q4_k(const uint8_t *block, float *values) {
    decode_with_minima(block, NULL, block + 16, values);
}

INLINE void decode_q5_k(const uint8_t *block, float *values) {
    decode_with_minima(block, block + 16, block + 48, values);
}

INLINE void decode_q6_k(const uint8_t *block, float *values) {
    const int8_t *scales = (const int8_t *)block + 192;
    uint8_t codes[SUPER];
    uint16_t half;
    memcpy(&half, block + 208, 2);
    float scale = float_of_half(half);
    unpack_six_bits(block, block + 128, codes);
    for (int row = 0; row < 8; row++) { /* 32 elements: two sub-blocks of 16 */
        float steps[2] = {scale * (float)scales[2 * row], scale * (float)scales[2 * row + 1]};
        for (int i = 0; i < 32; i++)
            values[32 * row + i] =
                (i < 16 ? steps[0] : steps[1]) * (float)(codes[32 * row + i] - 32);
    }
}
