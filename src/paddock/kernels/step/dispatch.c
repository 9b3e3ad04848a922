/* The products as functions that may be called from outside, at the level that is asked for. */
#include "matrix.h"

DEFINE_AT_LEVEL(products)

EXPORT size_t paddock_matrix_bytes(int kind, size_t outputs, size_t inputs) {
    return matrix_bytes(kind, outputs, inputs);
}

EXPORT int paddock_matrix_pack(int kind, int source, const void *raw, size_t first_row, size_t rows,
                               size_t outputs, size_t inputs, void *panels) {
    return matrix_pack(kind, source, raw, first_row, rows, outputs, inputs, panels);
}

EXPORT void paddock_matrix_row(const struct matrix *matrix, size_t n, float *out) {
    matrix_row(matrix, n, out);
}

EXPORT size_t paddock_prepared_row_bytes(int level, int kind, size_t inputs) {
    return products_at_level(level)->prepared_row_bytes(kind, inputs);
}

EXPORT void paddock_prepare(int level, int kind, const float *x, size_t stride, size_t rows,
                            size_t inputs, void *prepared) {
    products_at_level(level)->prepare(kind, x, stride, rows, inputs, prepared);
}

EXPORT void paddock_multiply(int level, const struct matrix *matrix, const void *prepared,
                             size_t rows, size_t first_panel, size_t last_panel, float *y,
                             size_t stride) {
    products_at_level(level)->multiply(matrix, prepared, rows, first_panel, last_panel, y, stride);
}
