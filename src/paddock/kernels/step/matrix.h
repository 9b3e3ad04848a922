/* Weights as the products read them: panels of 64 outputs, inputs inner, scales beside the codes.
 *
 * Knows layouts and sizes, not what a matrix is for and nothing of threads: every function is pure
 * and works on what it is given, so a caller splits rows and panels among threads as it likes. The
 * bytes of a packed matrix are the same at every level and on every processor (little-endian).
 *
 * An output's sum runs over the inputs in one fixed order. Its bits depend on its weights, its row
 * of activations and the level; never on the other rows or on how rows and panels are split.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "kernels.h"
#include "levels.h"

enum { PANEL = 64, GROUP = 32, SUPER_GROUP = 256, PANEL_ALIGNMENT = 64 };

/* How weights are kept (kernels/step_library.py has the same numbers). */
enum matrix_kind {
    M_F32,  /* any number of inputs */
    M_BF16, /* any number of inputs */
    M_Q8,   /* Q8_0: inputs in whole groups of 32 */
    M_Q4,   /* Q4_0: inputs in whole groups of 32 */
    M_Q4K,  /* Q4_K: inputs in whole groups of 256 */
    M_Q5K,  /* Q5_K: likewise */
    M_Q6K,  /* Q6_K: likewise */
    MATRIX_KINDS
};

struct matrix {
    const void *panels; /* aligned to PANEL_ALIGNMENT */
    int32_t kind;       /* enum matrix_kind */
    int32_t outputs;    /* rows of the tensor, at least 1 */
    int32_t inputs;     /* columns of the tensor, at least 1 */
};

static inline size_t panels_of(size_t outputs) { return (outputs + PANEL - 1) / PANEL; }

/* Bytes of all panels; panel p begins at p times matrix_panel_bytes. 0 where the kind cannot hold
 * rows of so many inputs, or is none. */
size_t matrix_bytes(int kind, size_t outputs, size_t inputs);
size_t matrix_panel_bytes(int kind, size_t inputs);

/* Put rows [first_row, first_row + rows) of the tensor, which begin at raw (any alignment, one after
 * the other), into the panels. source is an enum dtype of kernels.h: M_F32 and M_BF16 take F32, F16
 * and BF16 (rounding to nearest even), the others exactly their own blocks. Ranges may be packed in
 * any order and at once in several threads; the one that holds the last row also fills what is left
 * of its panel. Fast where first_row and rows are multiples of PANEL. 0 where the source cannot
 * become the kind or a range is wrong. */
int matrix_pack(int kind, int source, const void *raw, size_t first_row, size_t rows,
                size_t outputs, size_t inputs, void *panels);

/* Row n of the tensor as float32, exactly the numbers that the format means. */
void matrix_row(const struct matrix *matrix, size_t n, float *out);

/* The products at one level of the processor. */
struct products {
    /* Bytes of one prepared row, a multiple of 64: row r of several lies at r times this. */
    size_t (*prepared_row_bytes)(int kind, size_t inputs);

    /* Rows of activations (stride floats apart) as a product with this kind wants them. Rows are
     * independent: any split gives the same bytes. prepared is aligned to 64 bytes. */
    void (*prepare)(int kind, const float *x, size_t stride, size_t rows, size_t inputs,
                    void *prepared);

    /* y[r * stride + o] = row r of the prepared ones times output o, for the outputs of the panels
     * [first_panel, last_panel). Of the last panel only what exists is written. A row that is not
     * finite gives NaN or infinities in its own results only. */
    void (*multiply)(const struct matrix *matrix, const void *prepared, size_t rows,
                     size_t first_panel, size_t last_panel, float *y, size_t stride);
};

#ifdef LEVEL
extern const struct products AT_LEVEL(products);
#endif

/* NULL for a level that is not there. */
const struct products *products_at_level(int level);
