/* What a processor can do at the most: bytes read from memory, and products from registers alone.
 *
 * Compiled by benchmarks/floors.py for the very processor that runs it. A rate is left out (no
 * operations) where the processor lacks the instruction.
 */
#include <stddef.h>
#include <stdint.h>

typedef uint64_t line __attribute__((vector_size(64)));

/* Read all of it, a whole number of 256 bytes, aligned to 64. */
uint64_t read_all(const line *memory, size_t bytes) {
    line sums[4] = {{0}};
    for (size_t i = 0; i < bytes / 64; i += 4)
        for (int k = 0; k < 4; k++) {
            sums[k] += memory[i + k];
            __builtin_prefetch(memory + i + k + 64);
        }
    line all = sums[0] + sums[1] + sums[2] + sums[3];
    return all[0] + all[1] + all[2] + all[3] + all[4] + all[5] + all[6] + all[7];
}

#define FOUR(x, a, b, c, d) x #a "\n" x #b "\n" x #c "\n" x #d "\n"
#define TWENTY_FOUR(x) \
    FOUR(x, 0, 1, 2, 3) FOUR(x, 4, 5, 6, 7) FOUR(x, 8, 9, 10, 11) FOUR(x, 12, 13, 14, 15) \
    FOUR(x, 16, 17, 18, 19) FOUR(x, 20, 21, 22, 23)

/* Operations of 24 independent sums, so many times; a product and a sum are two. */
#define RATE(name, instruction, operations) \
    size_t name(size_t rounds) { \
        __asm__ volatile(TWENTY_FOUR("vpxord %%zmm31,%%zmm31,%%zmm") \
                         "vpxord %%zmm30,%%zmm30,%%zmm30\nvpxord %%zmm31,%%zmm31,%%zmm31\n" ::); \
        for (size_t i = 0; i < rounds; i++) \
            __asm__ volatile(TWENTY_FOUR(instruction " %%zmm30,%%zmm31,%%zmm") ::); \
        return 24 * rounds * operations; \
    }
#define NO_RATE(name) size_t name(size_t rounds) { return 0 * rounds; }

#ifdef __AVX512F__
RATE(multiply_float32, "vfmadd231ps", 32)
#else
NO_RATE(multiply_float32)
#endif
#ifdef __AVX512BF16__
RATE(multiply_bfloat16, "vdpbf16ps", 64)
#else
NO_RATE(multiply_bfloat16)
#endif
#ifdef __AVX512VNNI__
RATE(multiply_int8, "vpdpbusd", 128)
#else
NO_RATE(multiply_int8)
#endif
