/* The library's surface: each kernel at the level that is asked for. No state: every function may run
 * in many threads. */
#include "grids.h"
#include "kernels.h"
#include "levels.h"

DEFINE_AT_LEVEL(kernels)

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

EXPORT int paddock_transcode(int level, const uint8_t *source, uint8_t *target, size_t elements,
                             int from, int to) {
    return kernels_at_level(level)->transcode(source, target, elements, (enum dtype)from, (enum dtype)to);
}

EXPORT void paddock_group_bytes(int level, const uint8_t *source, uint8_t *target, size_t size) {
    kernels_at_level(level)->group_bytes(source, target, size);
}

EXPORT void paddock_ungroup_bytes(int level, const uint8_t *source, uint8_t *target, size_t size) {
    kernels_at_level(level)->ungroup_bytes(source, target, size);
}
