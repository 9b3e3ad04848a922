/* The library's surface: each kernel at the level that is asked for, and the best level there is.
 *
 * Levels are the x86-64 psABI's (v3 has AVX2, v4 AVX-512); elsewhere there is only the first. Which
 * were compiled is given as HAS_V3 and HAS_V4, the digest of these sources as SOURCES, so that a
 * library of other sources is not used. No state: every function may run in many threads.
 */
#include "grids.h"
#include "kernels.h"

#define EXPORT __attribute__((visibility("default")))

extern const struct kernels paddock_baseline;
#ifdef HAS_V3
extern const struct kernels paddock_v3;
#endif
#ifdef HAS_V4
extern const struct kernels paddock_v4;
#endif

/* The plain grid; one of 14 or 30 steps, in which three evenly spaced values are exact; the rest by
 * greedy choice among 231 over twelve kinds of data (normal, uniform, Laplace, Student, positive,
 * shifted, sparse, with outliers), each the one that lowers the error most. */
const struct grid paddock_grids[2][GRIDS] = {
    {{0, 0}, {-1, 0}, {0.25f, 0}, {0.25f, -0.06f}, {0, 0.015f}, {-0.75f, -0.06f}, {0.5f, -0.015f},
     {-1.75f, -0.06f}, {-2.75f, -0.06f}, {-0.25f, 0.03f}, {0, -0.06f}, {-3.75f, -0.1f},
     {0, -0.03f}, {-1.5f, 0}, {-3, 0}},
    {{0, 0}, {-1, 0}, {0.5f, 0}, {0, 0.015f}, {0, -0.03f}, {-1, -0.03f}, {0, -0.1f}, {-1, -0.1f},
     {0, -0.015f}, {-2.5f, -0.06f}, {0.5f, -0.03f}, {-3, -0.1f}, {-1, -0.015f}, {-1.5f, 0},
     {-3, 0}},
};

EXPORT const char *paddock_sources(void) { return SOURCES; }

/* The highest level that was compiled and that this processor has: 0, 3 or 4. */
EXPORT int paddock_best_level(void) {
#if defined(HAS_V3) || defined(HAS_V4)
    __builtin_cpu_init();
#endif
#ifdef HAS_V4
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq")
        && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("bmi2"))
        return 4;
#endif
#ifdef HAS_V3
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi")
        && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma"))
        return 3;
#endif
    return 0;
}

static const struct kernels *at_level(int level) {
#ifdef HAS_V4
    if (level >= 4) return &paddock_v4;
#endif
#ifdef HAS_V3
    if (level >= 3) return &paddock_v3;
#endif
    (void)level;
    return &paddock_baseline;
}

EXPORT int paddock_transcode(int level, const uint8_t *source, uint8_t *target, size_t elements, int from,
                      int to) {
    return at_level(level)->transcode(source, target, elements, (enum dtype)from, (enum dtype)to);
}

EXPORT void paddock_group_bytes(int level, const uint8_t *source, uint8_t *target, size_t size) {
    at_level(level)->group_bytes(source, target, size);
}

EXPORT void paddock_ungroup_bytes(int level, const uint8_t *source, uint8_t *target, size_t size) {
    at_level(level)->ungroup_bytes(source, target, size);
}
