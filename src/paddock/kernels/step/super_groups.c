/* Blocks of 256 inputs into panels and out again; the layouts are those of panels.h. */
#include "super_groups.h"
#include "k_layout.h"

/* In every byte of a word. */
enum { LOW_FOUR = 0x0f0f0f0f, FIFTH = 0x10101010, HIGH_TWO = 0x30303030 };

/* Four bits of a group's codes as four words, and of Q5K their fifth bits as one more. */
static void put_group(int kind, const uint8_t *codes, struct place lines) {
    uint32_t quads[8], packed[5] = {0};
    memcpy(quads, codes, GROUP);
    for (int w = 0; w < 4; w++) {
        packed[w] = (quads[w] & LOW_FOUR) | (quads[4 + w] & LOW_FOUR) << 4;
        packed[4] |= (quads[w] & FIFTH) >> (4 - w) | (quads[4 + w] & FIFTH) << w;
    }
    put_words(packed, kind == M_Q5K ? 5 : 4, lines);
}

static void get_group(int kind, struct place lines, uint8_t *codes) {
    uint32_t quads[8], packed[5] = {0};
    get_words(lines, kind == M_Q5K ? 5 : 4, packed);
    for (int w = 0; w < 4; w++) {
        quads[w] = (packed[w] & LOW_FOUR) | (packed[4] << (4 - w) & FIFTH);
        quads[4 + w] = (packed[w] >> 4 & LOW_FOUR) | (packed[4] >> w & FIFTH);
    }
    memcpy(codes, quads, GROUP);
}

static size_t lines_at(int kind, int group) {
    return MINIMA_CODES_AT + (size_t)(group * minima_group_bytes(kind));
}

static void pack_with_minima(int kind, const uint8_t *block, struct place super) {
    uint8_t scales[8], minima[8], codes[SUPER];
    uint16_t halves[2];
    memcpy(halves, block, 4);
    put_half(halves[0], super);
    put_half(halves[1], after(super, STRIP_HALVES));
    unpack_scales(block + 4, scales, minima);
    if (kind == M_Q5K) unpack_with_minima(block + 16, block + 48, codes);
    else unpack_with_minima(NULL, block + 16, codes);
    uint8_t *low = super.strip + MINIMA_LOW_AT + super.column;
    uint8_t *high = super.strip + MINIMA_HIGH_AT + super.column;
    for (int g = 0; g < 8; g++) {
        uint8_t top = (uint8_t)((scales[g] >> 4 | (minima[g] >> 4) << 2) << g % 2 * 4);
        low[g * CODE_STRIP] = (uint8_t)((scales[g] & 15) | (minima[g] & 15) << 4);
        high[g / 2 * CODE_STRIP] = g % 2 ? high[g / 2 * CODE_STRIP] | top : top;
        put_group(kind, codes + g * GROUP, after(super, lines_at(kind, g)));
    }
}

static void row_with_minima(int kind, struct place super, float *out) {
    uint8_t block[Q5_K_BYTES], scales[8], minima[8], codes[SUPER];
    for (int g = 0; g < 8; g++) {
        uint8_t low = super.strip[MINIMA_LOW_AT + g * CODE_STRIP + super.column];
        uint8_t high = super.strip[MINIMA_HIGH_AT + g / 2 * CODE_STRIP + super.column];
        high = (uint8_t)(high >> g % 2 * 4);
        scales[g] = (uint8_t)((low & 15) | (high & 3) << 4);
        minima[g] = (uint8_t)((low >> 4) | ((high >> 2) & 3) << 4);
        get_group(kind, after(super, lines_at(kind, g)), codes + g * GROUP);
    }
    uint16_t halves[2] = {get_half(super), get_half(after(super, STRIP_HALVES))};
    memcpy(block, halves, 4);
    pack_scales(scales, minima, block + 4);
    if (kind == M_Q4K) {
        pack_nibbles(codes, block + 16);
        decode_q4_k(block, out);
    } else {
        pack_fifth_bits(codes, block + 16);
        pack_nibbles(codes, block + 48);
        decode_q5_k(block, out);
    }
}

static void pack_six(const uint8_t *block, struct place super) {
    uint8_t codes[SUPER];
    uint16_t scale;
    memcpy(&scale, block + 208, 2);
    put_half(scale, super);
    unpack_six_bits(block, block + 128, codes);
    for (int s = 0; s < SUPER / SIX_GROUP; s++) {
        uint32_t quads[4], lines[3] = {0};
        memcpy(quads, codes + s * SIX_GROUP, SIX_GROUP);
        for (int w = 0; w < 2; w++)
            lines[w] = (quads[w] & LOW_FOUR) | (quads[2 + w] & LOW_FOUR) << 4;
        for (int w = 0; w < 4; w++) lines[2] |= (quads[w] & HIGH_TWO) >> 4 << 2 * w;
        super.strip[SIX_SCALES_AT + s * CODE_STRIP + super.column] = block[192 + s] ^ 0x80;
        put_words(lines, 3, after(super, SIX_CODES_AT + (size_t)s * SIX_GROUP_BYTES));
    }
}

static void row_of_six(struct place super, float *out) {
    uint8_t block[Q6_K_BYTES], codes[SUPER];
    uint16_t scale = get_half(super);
    for (int s = 0; s < SUPER / SIX_GROUP; s++) {
        uint32_t quads[4], lines[3];
        get_words(after(super, SIX_CODES_AT + (size_t)s * SIX_GROUP_BYTES), 3, lines);
        for (int w = 0; w < 4; w++)
            quads[w] = (lines[w % 2] >> w / 2 * 4 & LOW_FOUR) | (lines[2] >> 2 * w << 4 & HIGH_TWO);
        memcpy(codes + s * SIX_GROUP, quads, SIX_GROUP);
        block[192 + s] = super.strip[SIX_SCALES_AT + s * CODE_STRIP + super.column] ^ 0x80;
    }
    pack_six_bits(codes, block, block + 128);
    memcpy(block + 208, &scale, 2);
    decode_q6_k(block, out);
}

void pack_super(int kind, const uint8_t *block, struct place super) {
    if (kind == M_Q6K) pack_six(block, super);
    else pack_with_minima(kind, block, super);
}

void row_of_super(int kind, struct place super, float *out) {
    if (kind == M_Q6K) row_of_six(super, out);
    else row_with_minima(kind, super, out);
}
