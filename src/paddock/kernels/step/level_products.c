/* The products at one level: compiled once for each, with LEVEL and LANES given.
 *
 * A panel is walked in tiles that stay in the second cache while every row meets them, a tile by
 * as many rows and outputs at once as the registers hold.
 */
#include "float_products.h"
#include "group_products.h"
#include "six_products.h"

enum {
    TILE_BYTES = 256 * 1024, /* well within the second cache, with the rows beside it */
    AHEAD_BYTES = 4096,      /* what is fetched before it is read */
    CHUNK_ROWS = 128,        /* rows that meet a panel before the next one is read */
    MOST_ROWS = 8,
};

typedef void kernel(struct tile tile);

#define KERNEL(kind, family, rows) \
    static void kind##_##rows(struct tile tile) { multiply_##family(kind, rows, tile); }
#define KERNELS_2(kind, family) KERNEL(kind, family, 1) KERNEL(kind, family, 2)
#define KERNELS_6(kind, family) \
    KERNELS_2(kind, family) KERNEL(kind, family, 3) KERNEL(kind, family, 4) \
    KERNEL(kind, family, 5) KERNEL(kind, family, 6)
#define KERNELS_8(kind, family) KERNELS_6(kind, family) KERNEL(kind, family, 7) KERNEL(kind, family, 8)
#define NAMES_2(kind) kind##_1, kind##_2
#define NAMES_6(kind) NAMES_2(kind), kind##_3, kind##_4, kind##_5, kind##_6
#define NAMES_8(kind) NAMES_6(kind), kind##_7, kind##_8
#if LANES == 16
#define OF_FLOATS(what) what##_8
#define OF_BYTES(what) what##_8
#define OF_BITS(what) what##_6
#else
#define OF_FLOATS(what) what##_6
#define OF_BYTES(what) what##_2
#define OF_BITS(what) what##_2
#endif
OF_FLOATS(KERNELS)(M_F32, floats)
OF_FLOATS(KERNELS)(M_BF16, floats)
OF_BYTES(KERNELS)(M_Q8, groups)
OF_BITS(KERNELS)(M_Q4, groups)
OF_BITS(KERNELS)(M_Q4K, groups)
OF_BITS(KERNELS)(M_Q5K, groups)
OF_BITS(KERNELS)(M_Q6K, sixes)

static kernel *const kernels[MATRIX_KINDS][MOST_ROWS] = {
    {OF_FLOATS(NAMES)(M_F32)}, {OF_FLOATS(NAMES)(M_BF16)}, {OF_BYTES(NAMES)(M_Q8)},
    {OF_BITS(NAMES)(M_Q4)},    {OF_BITS(NAMES)(M_Q4K)},    {OF_BITS(NAMES)(M_Q5K)},
    {OF_BITS(NAMES)(M_Q6K)}};

/* What registers hold; or eight rows for which they do not suffice, where one pass over weights that
 * come slowly from memory is worth more than what is kept on the stack. */
static size_t rows_at_once(int kind, size_t rows) {
    if (LANES < 16) return kind <= M_BF16 ? 6 : 2;
    return kind <= M_Q8 && rows <= 8 ? 8 : 6;
}

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* Bytes of a prepared row up to an input, as strip_offset. */
static size_t prepared_offset(int kind, size_t inputs) {
    switch (kind) {
    case M_F32: return inputs * sizeof(float);
    case M_BF16: return inputs * sizeof(beside_bfloat);
    case M_Q6K: return inputs / SIX_GROUP * sizeof(struct six_activations);
    default: return inputs / GROUP * sizeof(struct activations);
    }
}

static size_t prepared_row_bytes(int kind, size_t inputs) {
    return (prepared_offset(kind, inputs + inputs % 2) + 63) / 64 * 64;
}

static void prepare(int kind, const float *x, size_t stride, size_t rows, size_t inputs,
                    void *prepared) {
    uint8_t *target = prepared;
    for (size_t r = 0; r < rows; r++, x += stride, target += prepared_row_bytes(kind, inputs))
        if (kind == M_F32)
            prepare_floats(x, inputs, (float *)(void *)target);
        else if (kind == M_BF16)
            prepare_bfloats(x, inputs, (beside_bfloat *)(void *)target);
        else if (kind == M_Q6K)
            prepare_sixes(x, inputs, (struct six_activations *)(void *)target);
        else
            prepare_groups(kind, x, inputs, (struct activations *)(void *)target);
}

static size_t tile_inputs(int kind) {
    size_t inputs = TILE_BYTES / strip_offset(kind, SUPER_GROUP) * SUPER_GROUP;
    return inputs ? inputs : SUPER_GROUP;
}

/* All rows times one tile, some at once, in blocks of nearly one size. */
static void multiply_tile(int kind, struct tile tile, size_t rows) {
    size_t most = rows_at_once(kind, rows);
    size_t blocks = (rows + most - 1) / most;
    if (blocks > 1) tile.ahead = strip_offset(kind, tile.inputs);
    tile.turns = (unsigned)blocks;
    for (; blocks; blocks--) {
        size_t some = (rows + blocks - 1) / blocks;
        int columns = kind <= M_BF16 ? float_columns((int)some) : group_columns((int)some);
        for (size_t column = 0; column < strip_width(kind); column += LANES * (size_t)columns) {
            tile.column = column;
            tile.turn = (unsigned)blocks - 1;
            kernels[kind][some - 1](tile);
        }
        rows -= some;
        tile.x += some * tile.x_stride;
        tile.y += some * tile.y_stride;
    }
}

static void multiply_panel(const struct matrix *matrix, size_t panel, const uint8_t *x, size_t rows,
                           float *y, size_t stride) {
    int kind = matrix->kind;
    size_t inputs = (size_t)matrix->inputs, step = tile_inputs(kind);
    const uint8_t *weights = (const uint8_t *)matrix->panels
                             + panel * matrix_panel_bytes(kind, inputs);
    for (size_t column = 0; column < PANEL; column += strip_width(kind)) {
        for (size_t at = 0; at < inputs; at += step) {
            struct tile tile = {
                .weights = weights + strip_offset(kind, at), .inputs = smaller(step, inputs - at),
                .x = x + prepared_offset(kind, at), .x_stride = prepared_row_bytes(kind, inputs),
                .y = y + column, .y_stride = stride, .ahead = AHEAD_BYTES, .begins = at == 0};
            multiply_tile(kind, tile, rows);
        }
        weights += strip_bytes(kind, inputs);
    }
}

static void multiply(const struct matrix *matrix, const void *prepared, size_t rows,
                     size_t first_panel, size_t last_panel, float *y, size_t stride) {
    float spare[CHUNK_ROWS * PANEL];
    size_t outputs = (size_t)matrix->outputs;
    size_t row_bytes = prepared_row_bytes(matrix->kind, (size_t)matrix->inputs);
    for (size_t done = 0; done < rows; done += CHUNK_ROWS) {
        const uint8_t *x = (const uint8_t *)prepared + done * row_bytes;
        size_t some = smaller(CHUNK_ROWS, rows - done);
        for (size_t p = first_panel; p < last_panel; p++) {
            float *target = y + done * stride + p * PANEL;
            if ((p + 1) * PANEL <= outputs) {
                multiply_panel(matrix, p, x, some, target, stride);
                continue;
            }
            multiply_panel(matrix, p, x, some, spare, PANEL);
            for (size_t r = 0; r < some; r++)
                memcpy(target + r * stride, spare + r * PANEL, (outputs - p * PANEL) * sizeof *y);
        }
    }
}

const struct products AT_LEVEL(products) = {prepared_row_bytes, prepare, multiply};
