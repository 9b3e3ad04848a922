/* Matrices into panels, and single rows out of them: the same bytes at every level. */
#include "matrix.h"
#include "k_layout.h"
#include "panels.h"
#include "small_blocks.h"

/* Inputs that are packed of one row before the next row's turn: their lines stay in the first cache. */
static size_t tile_inputs(int kind) { return kind == M_Q4K ? SUPER_GROUP : 64; }

size_t matrix_panel_bytes(int kind, size_t inputs) {
    if (kind < 0 || kind >= MATRIX_KINDS || !inputs) return 0;
    if (kind >= M_Q8 && inputs % (kind == M_Q4K ? SUPER_GROUP : GROUP)) return 0;
    return panel_offset(kind, kind == M_BF16 ? inputs + inputs % 2 : inputs);
}

size_t matrix_bytes(int kind, size_t outputs, size_t inputs) {
    return panels_of(outputs) * matrix_panel_bytes(kind, inputs);
}

/* Bytes of so many elements of a row; 0 where such rows cannot become the kind. */
static size_t source_bytes(int kind, int source, size_t inputs) {
    if (kind <= M_BF16)
        switch (source) {
        case FROM_F32: return 4 * inputs;
        case FROM_F16:
        case FROM_BF16: return 2 * inputs;
        default: return 0;
        }
    if (kind == M_Q8 && source == FROM_Q8_0) return inputs / SMALL * Q8_0_BYTES;
    if (kind == M_Q4 && source == FROM_Q4_0) return inputs / SMALL * Q4_0_BYTES;
    if (kind == M_Q4K && source == FROM_Q4_K) return inputs / SUPER * Q4_K_BYTES;
    return 0;
}

/* Words of one output, one under the other. */
static void put_words(const void *words, size_t count, uint8_t *line, size_t column) {
    word *target = (word *)(void *)line + column;
    for (size_t i = 0; i < count; i++) memcpy(target + i * PANEL, (const uint8_t *)words + 4 * i, 4);
}

static void get_words(const uint8_t *line, size_t column, size_t count, void *words) {
    const word *source = (const word *)(const void *)line + column;
    for (size_t i = 0; i < count; i++) memcpy((uint8_t *)words + 4 * i, source + i * PANEL, 4);
}

static void put_half(uint16_t half, uint8_t *line, size_t column) {
    memcpy(line + 2 * column, &half, 2);
}

static uint16_t get_half(const uint8_t *line, size_t column) {
    uint16_t half;
    memcpy(&half, line + 2 * column, 2);
    return half;
}

static void pack_floats(int kind, int source, const uint8_t *raw, size_t count, uint8_t *tile,
                        size_t column) {
    float values[64] = {0};
    uint16_t halves[64] = {0};
    const half_bits *file = (const half_bits *)raw;
    if (source == FROM_F32) memcpy(values, raw, 4 * count);
    if (source == FROM_F16)
        for (size_t i = 0; i < count; i++) values[i] = float_of_half(file[i]);
    if (source == FROM_BF16)
        for (size_t i = 0; i < count; i++) values[i] = float_of_bfloat(file[i]);
    if (kind == M_F32) {
        put_words(values, count, tile, column);
        return;
    }
    for (size_t i = 0; i < count; i++)
        halves[i] = source == FROM_BF16 ? file[i] : bfloat_of_float(values[i]);
    put_words(halves, (count + 1) / 2, tile, column);
}

static void pack_q8(const uint8_t *block, uint8_t *group, size_t column) {
    uint8_t codes[GROUP];
    for (int i = 0; i < GROUP; i++) codes[i] = block[2 + i] ^ 0x80;
    put_words(codes, 8, group, column);
    put_half(get_half(block, 0), group + 8 * WORD_LINE, column);
}

static void pack_q4(const uint8_t *block, uint8_t *group, size_t column) {
    put_words(block + 2, 4, group, column); /* Q4_0 has the same order of codes */
    put_half(get_half(block, 0), group + 4 * WORD_LINE, column);
}

static void pack_q4k(const uint8_t *block, uint8_t *super, size_t column) {
    uint8_t scales[8], minima[8], codes[GROUP / 2];
    unpack_scales(block + 4, scales, minima);
    put_half(get_half(block, 0), super, column);
    put_half(get_half(block, 1), super + HALF_LINE, column);
    for (int g = 0; g < 8; g++) {
        uint8_t *pair = super + Q4K_HEAD_BYTES + g / 2 * Q4K_PAIR_BYTES, *high = pair + 2 * PANEL;
        const uint8_t *nibbles = block + 16 + g / 2 * GROUP;
        int shift = g % 2 * 4;
        for (int i = 0; i < GROUP / 2; i++)
            codes[i] = (uint8_t)(((nibbles[i] >> shift) & 15)
                                 | ((nibbles[i + 16] >> shift) & 15) << 4);
        put_words(codes, 4, pair + 3 * PANEL + g % 2 * 4 * WORD_LINE, column);
        pair[g % 2 * PANEL + column] = (uint8_t)((scales[g] & 15) | (minima[g] & 15) << 4);
        uint8_t kept = g % 2 ? high[column] : 0;
        high[column] = (uint8_t)(kept | (scales[g] >> 4 | (minima[g] >> 4) << 2) << shift);
    }
}

/* One row's elements of one tile of a panel. */
static void pack_tile(int kind, int source, const uint8_t *raw, size_t count, uint8_t *tile,
                      size_t column) {
    switch (kind) {
    case M_F32:
    case M_BF16: pack_floats(kind, source, raw, count, tile, column); break;
    case M_Q8:
        for (size_t i = 0; i < count / GROUP; i++)
            pack_q8(raw + i * Q8_0_BYTES, tile + i * Q8_GROUP_BYTES, column);
        break;
    case M_Q4:
        for (size_t i = 0; i < count / GROUP; i++)
            pack_q4(raw + i * Q4_0_BYTES, tile + i * Q4_GROUP_BYTES, column);
        break;
    default: pack_q4k(raw, tile, column);
    }
}

int matrix_pack(int kind, int source, const void *raw, size_t first_row, size_t rows,
                size_t outputs, size_t inputs, void *panels) {
    static const uint8_t zeros[4 * 64]; /* of any source, a tile of zeros */
    size_t panel_bytes = matrix_panel_bytes(kind, inputs);
    size_t row_bytes = panel_bytes ? source_bytes(kind, source, inputs) : 0;
    if (!row_bytes || first_row > outputs || rows > outputs - first_row) return 0;
    size_t tile = tile_inputs(kind), end = first_row + rows;
    if (end == outputs) end = panels_of(outputs) * PANEL;
    for (size_t begin = first_row; begin < end;) {
        uint8_t *panel = (uint8_t *)panels + begin / PANEL * panel_bytes;
        size_t past = (begin / PANEL + 1) * PANEL < end ? (begin / PANEL + 1) * PANEL : end;
        for (size_t at = 0; at < inputs; at += tile) {
            size_t count = inputs - at < tile ? inputs - at : tile;
            size_t offset = source_bytes(kind, source, at);
            for (size_t row = begin; row < past; row++)
                pack_tile(kind, source,
                          row < outputs
                              ? (const uint8_t *)raw + (row - first_row) * row_bytes + offset
                              : zeros,
                          count, panel + panel_offset(kind, at), row % PANEL);
        }
        begin = past;
    }
    return 1;
}

static void row_of_super(const uint8_t *super, size_t column, float *out) {
    uint8_t block[Q4_K_BYTES], scales[8], minima[8], codes[SUPER];
    for (int g = 0; g < 8; g++) {
        const uint8_t *pair = super + Q4K_HEAD_BYTES + g / 2 * Q4K_PAIR_BYTES;
        uint8_t low = pair[g % 2 * PANEL + column];
        uint8_t high = (uint8_t)(pair[2 * PANEL + column] >> g % 2 * 4);
        uint8_t words[GROUP / 2];
        scales[g] = (uint8_t)((low & 15) | (high & 3) << 4);
        minima[g] = (uint8_t)((low >> 4) | ((high >> 2) & 3) << 4);
        get_words(pair + 3 * PANEL + g % 2 * 4 * WORD_LINE, column, 4, words);
        for (int i = 0; i < GROUP / 2; i++) {
            codes[GROUP * g + i] = words[i] & 15;
            codes[GROUP * g + 16 + i] = words[i] >> 4;
        }
    }
    put_half(get_half(super, column), block, 0);
    put_half(get_half(super + HALF_LINE, column), block, 1);
    pack_scales(scales, minima, block + 4);
    pack_nibbles(codes, block + 16);
    decode_q4_k(block, out);
}

static void row_of_group(int kind, const uint8_t *group, size_t column, float *out) {
    uint8_t block[Q8_0_BYTES];
    if (kind == M_Q4) {
        get_words(group, column, 4, block + 2);
        put_half(get_half(group + 4 * WORD_LINE, column), block, 0);
        decode_q4_0(block, out);
        return;
    }
    get_words(group, column, 8, block + 2);
    for (int i = 0; i < GROUP; i++) block[2 + i] ^= 0x80;
    put_half(get_half(group + 8 * WORD_LINE, column), block, 0);
    decode_q8_0(block, out);
}

void matrix_row(const struct matrix *matrix, size_t n, float *out) {
    int kind = matrix->kind;
    size_t inputs = (size_t)matrix->inputs, column = n % PANEL;
    const uint8_t *panel = (const uint8_t *)matrix->panels
                           + n / PANEL * matrix_panel_bytes(kind, inputs);
    if (kind == M_F32) get_words(panel, column, inputs, out);
    if (kind == M_BF16)
        for (size_t i = 0; i < inputs; i++)
            out[i] = float_of_bfloat(get_half(panel + i / 2 * WORD_LINE, 2 * column + i % 2));
    for (size_t at = 0; kind >= M_Q8 && at < inputs; at += kind == M_Q4K ? SUPER_GROUP : GROUP)
        if (kind == M_Q4K)
            row_of_super(panel + panel_offset(kind, at), column, out + at);
        else
            row_of_group(kind, panel + panel_offset(kind, at), column, out + at);
}
