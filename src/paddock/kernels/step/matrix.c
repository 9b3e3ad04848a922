/* Matrices into panels, and single rows out of them: the same bytes at every level. */
#include "k_layout.h"
#include "small_blocks.h"
#include "super_groups.h"

/* Inputs that are packed of one row before the next row's turn: their lines stay in the first cache. */
static size_t tile_inputs(int kind) { return kind >= M_Q4K ? SUPER_GROUP : 64; }

size_t matrix_panel_bytes(int kind, size_t inputs) {
    return PANEL / strip_width(kind) * strip_bytes(kind, inputs);
}

size_t matrix_bytes(int kind, size_t outputs, size_t inputs) {
    return panels_of(outputs) * matrix_panel_bytes(kind, inputs);
}

/* Bytes of so many elements of a row; 0 where such rows cannot become the kind. */
static size_t source_bytes(int kind, int source, size_t inputs) {
    static const int own[] = {[M_Q8] = Q8_0, [M_Q4] = Q4_0, [M_Q4K] = Q4_K, [M_Q5K] = Q5_K,
                              [M_Q6K] = Q6_K};
    int is_plain = source == F32 || source == F16 || source == BF16;
    if (kind <= M_BF16 ? !is_plain : source != own[kind]) return 0;
    return size_of((enum dtype)source, inputs);
}

static void pack_floats(int kind, int source, const uint8_t *raw, size_t count,
                        struct place place) {
    float values[64] = {0};
    uint16_t halves[64] = {0};
    const half_bits *file = (const half_bits *)raw;
    if (source == F32) memcpy(values, raw, 4 * count);
    if (source == F16)
        for (size_t i = 0; i < count; i++) values[i] = float_of_half(file[i]);
    if (source == BF16)
        for (size_t i = 0; i < count; i++) values[i] = float_of_bfloat(file[i]);
    if (kind == M_F32) {
        put_words(values, count, place);
        return;
    }
    for (size_t i = 0; i < count; i++)
        halves[i] = source == BF16 ? file[i] : bfloat_of_float(values[i]);
    put_words(halves, (count + 1) / 2, place);
}

static void pack_q8(const uint8_t *block, struct place group) {
    uint8_t codes[GROUP];
    uint16_t scale;
    for (int i = 0; i < GROUP; i++) codes[i] = block[2 + i] ^ 0x80;
    memcpy(&scale, block, 2);
    put_words(codes, 8, group);
    put_half(scale, after(group, 8 * CODE_LINE));
}

static void pack_q4(const uint8_t *block, struct place group) {
    uint16_t scale;
    memcpy(&scale, block, 2);
    put_words(block + 2, 4, group); /* Q4_0 has the same order of codes */
    put_half(scale, after(group, 4 * CODE_LINE));
}

/* One row's elements of one tile of a strip. */
static void pack_tile(int kind, int source, const uint8_t *raw, size_t count, struct place place) {
    switch (kind) {
    case M_F32:
    case M_BF16: pack_floats(kind, source, raw, count, place); break;
    case M_Q8:
        for (size_t i = 0; i < count / GROUP; i++)
            pack_q8(raw + i * Q8_0_BYTES, after(place, i * Q8_GROUP_BYTES));
        break;
    case M_Q4:
        for (size_t i = 0; i < count / GROUP; i++)
            pack_q4(raw + i * Q4_0_BYTES, after(place, i * Q4_GROUP_BYTES));
        break;
    default: pack_super(kind, raw, place);
    }
}

int matrix_pack(int kind, int source, const void *raw, size_t first_row, size_t rows,
                size_t outputs, size_t inputs, void *panels) {
    static const uint8_t zeros[4 * 64]; /* of any source, a tile of zeros */
    size_t whole = strip_bytes(kind, inputs), width = strip_width(kind);
    size_t row_bytes = whole ? source_bytes(kind, source, inputs) : 0;
    if (!row_bytes || first_row > outputs || rows > outputs - first_row) return 0;
    size_t tile = tile_inputs(kind), end = first_row + rows, past;
    if (end == outputs) end = panels_of(outputs) * PANEL;
    for (size_t begin = first_row; begin < end; begin = past) {
        uint8_t *strip = (uint8_t *)panels + begin / width * whole;
        past = (begin / width + 1) * width < end ? (begin / width + 1) * width : end;
        for (size_t at = 0; at < inputs; at += tile)
            for (size_t row = begin; row < past; row++) {
                const uint8_t *from = (const uint8_t *)raw + source_bytes(kind, source, at);
                struct place place = {strip + strip_offset(kind, at), row % width, width};
                pack_tile(kind, source, row < outputs ? from + (row - first_row) * row_bytes : zeros,
                          inputs - at < tile ? inputs - at : tile, place);
            }
    }
    return 1;
}

static void row_of_group(int kind, struct place group, float *out) {
    uint8_t block[Q8_0_BYTES];
    size_t words = kind == M_Q8 ? 8 : 4;
    uint16_t scale = get_half(after(group, words * CODE_LINE));
    memcpy(block, &scale, 2);
    get_words(group, words, block + 2);
    if (kind == M_Q4) {
        decode_q4_0(block, out);
        return;
    }
    for (int i = 0; i < GROUP; i++) block[2 + i] ^= 0x80;
    decode_q8_0(block, out);
}

void matrix_row(const struct matrix *matrix, size_t n, float *out) {
    int kind = matrix->kind;
    size_t inputs = (size_t)matrix->inputs, width = strip_width(kind);
    const uint8_t *strip = (const uint8_t *)matrix->panels + n / width * strip_bytes(kind, inputs);
    struct place place = {(uint8_t *)strip, n % width, width}; /* only read */
    if (kind == M_F32) get_words(place, inputs, out);
    if (kind == M_BF16)
        for (size_t i = 0; i < inputs; i++) {
            struct place pair = after(place, i / 2 * FLOAT_LINE);
            pair.column = 2 * place.column + i % 2;
            out[i] = float_of_bfloat(get_half(pair));
        }
    if (kind == M_Q8 || kind == M_Q4)
        for (size_t at = 0; at < inputs; at += GROUP)
            row_of_group(kind, after(place, strip_offset(kind, at)), out + at);
    if (kind >= M_Q4K)
        for (size_t at = 0; at < inputs; at += SUPER_GROUP)
            row_of_super(kind, after(place, strip_offset(kind, at)), out + at);
}
