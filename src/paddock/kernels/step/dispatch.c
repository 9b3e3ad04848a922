/* Which levels there are, and the products as functions that may be called from outside.
 *
 * Levels: 0 any processor, 3 AVX2, 4 AVX-512 with VNNI and BF16. Which were compiled is given as
 * HAS_V3 and HAS_V4, the digest of these sources as SOURCES. No state.
 */
#include "matrix.h"

#define EXPORT __attribute__((visibility("default")))

extern const struct products products_paddock_baseline;
#ifdef HAS_V3
extern const struct products products_paddock_v3;
#endif
#ifdef HAS_V4
extern const struct products products_paddock_v4;
#endif

EXPORT const char *paddock_step_sources(void) { return SOURCES; }

int step_best_level(void) {
#if defined(HAS_V3) || defined(HAS_V4)
    __builtin_cpu_init();
#endif
#ifdef HAS_V4
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq")
        && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("bmi2")
        && __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bf16"))
        return 4;
#endif
#ifdef HAS_V3
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi")
        && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma"))
        return 3;
#endif
    return 0;
}

const struct products *products_at_level(int level) {
    if (level > step_best_level()) return NULL;
#ifdef HAS_V4
    if (level == 4) return &products_paddock_v4;
#endif
#ifdef HAS_V3
    if (level == 3) return &products_paddock_v3;
#endif
    return level == 0 ? &products_paddock_baseline : NULL;
}

EXPORT int paddock_step_best_level(void) { return step_best_level(); }

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
