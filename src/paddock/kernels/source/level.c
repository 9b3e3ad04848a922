/* All kernels for one level of the processor: compiled once for each, with LEVEL and LANES given.
 *
 * Elements pass through a tile that stays in the first cache: decoded to float32, then encoded.
 */
#include "byte_groups.h"
#include "kernels.h"
#include "levels.h"
#include "minima_blocks.h"
#include "signed_blocks.h"
#include "small_blocks.h"

enum { TILE = 4096 };

/* From here on no block can hold a number, whatever the others are (a scale is F16). */
#define UNBOUNDED_BITS 0x4f000000u /* 2^31 */

static void decode_tile(const uint8_t *source, enum dtype from, enum dtype to, size_t count,
                        float *values) {
    switch (from) {
    case F32: memcpy(values, source, 4 * count); break;
    case F16:
        for (size_t i = 0; i < count; i++) values[i] = float_of_half(((const half_bits *)source)[i]);
        break;
    case BF16:
        for (size_t i = 0; i < count; i++)
            values[i] = float_of_bfloat(((const half_bits *)source)[i]);
        break;
    case F64:
        if (to == F16 || to == BF16)
            for (size_t i = 0; i < count; i++)
                values[i] = odd_float_of_double(((const file_double *)source)[i]);
        else
            for (size_t i = 0; i < count; i++) values[i] = (float)((const file_double *)source)[i];
        break;
    case Q8_0:
        for (size_t i = 0; i < count; i += SMALL, source += Q8_0_BYTES)
            decode_q8_0(source, values + i);
        break;
    case Q4_0:
        for (size_t i = 0; i < count; i += SMALL, source += Q4_0_BYTES)
            decode_q4_0(source, values + i);
        break;
    case Q4_K:
        for (size_t i = 0; i < count; i += SUPER, source += Q4_K_BYTES)
            decode_q4_k(source, values + i);
        break;
    case Q5_K:
        for (size_t i = 0; i < count; i += SUPER, source += Q5_K_BYTES)
            decode_q5_k(source, values + i);
        break;
    case Q6_K:
        for (size_t i = 0; i < count; i += SUPER, source += Q6_K_BYTES)
            decode_q6_k(source, values + i);
        break;
    }
}

static int encode_pairs(const float *values, enum dtype to, size_t count, uint8_t *target) {
    float top = to == Q4_K ? 15.0f : 31.0f;
    size_t block_bytes = to == Q4_K ? Q4_K_BYTES : Q5_K_BYTES;
    const struct grid *grids = paddock_grids[to != Q4_K];
    int good = 1;
    for (; count >= 2 * SUPER; count -= 2 * SUPER, values += 2 * SUPER, target += 2 * block_bytes)
        good &= encode_with_minima(values, top, grids, block_bytes, target);
    if (count) { /* an odd one out: with zeros beside it */
        float pair[2 * SUPER] = {0};
        uint8_t blocks[2 * Q5_K_BYTES];
        memcpy(pair, values, SUPER * sizeof *pair);
        good &= encode_with_minima(pair, top, grids, block_bytes, blocks);
        memcpy(target, blocks, block_bytes);
    }
    return good;
}

/* Whether every block of the tile could be written. */
static int encode_tile(const float *values, enum dtype to, size_t count, uint8_t *target) {
    int good = 1;
    switch (to) {
    case F16:
        for (size_t i = 0; i < count; i++) ((half_bits *)target)[i] = half_of_float(values[i]);
        break;
    case BF16:
        for (size_t i = 0; i < count; i++) ((half_bits *)target)[i] = bfloat_of_float(values[i]);
        break;
    case F32:
    case F64: return 0; /* never asked for */
    case Q8_0:
        for (size_t i = 0; i < count; i += SMALL, target += Q8_0_BYTES)
            good &= encode_q8_0(values + i, target);
        break;
    case Q4_0:
        for (size_t i = 0; i < count; i += SMALL, target += Q4_0_BYTES)
            good &= encode_q4_0(values + i, target);
        break;
    case Q4_K:
    case Q5_K:
        if (largest_magnitude(values, count) >= UNBOUNDED_BITS) return 0;
        return encode_pairs(values, to, count, target);
    case Q6_K:
        if (largest_magnitude(values, count) >= UNBOUNDED_BITS) return 0;
        for (size_t i = 0; i < count; i += SUPER, target += Q6_K_BYTES)
            good &= encode_q6_k(values + i, target);
        break;
    }
    return good;
}

static int transcode(const uint8_t *source, uint8_t *target, size_t elements, enum dtype from,
                     enum dtype to) {
    float tile[TILE] __attribute__((aligned(64)));
    for (size_t done = 0; done < elements; done += TILE) {
        size_t count = elements - done < TILE ? elements - done : TILE;
        const uint8_t *in = source + size_of(from, done);
        uint8_t *out = target + size_of(to, done);
        /* What becomes float32 needs no tile (the caller's array is aligned), and what is float32
         * already needs none where it lies aligned. */
        float *values = to == F32 ? (float *)(void *)out : tile;
        const float *decoded = values;
        if (from == F32 && (uintptr_t)in % sizeof *decoded == 0)
            decoded = (const float *)(const void *)in;
        else
            decode_tile(in, from, to, count, values);
        if (to != F32 && !encode_tile(decoded, to, count, out)) return 0;
    }
    return 1;
}

static void group_bytes(const uint8_t *source, uint8_t *target, size_t size) {
    group(source, target, size);
}

static void ungroup_bytes(const uint8_t *source, uint8_t *target, size_t size) {
    ungroup(source, target, size);
}

const struct kernels AT_LEVEL(kernels) = {transcode, group_bytes, ungroup_bytes};
