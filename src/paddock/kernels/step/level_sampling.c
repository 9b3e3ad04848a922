/* The sampler's passes at one level: compiled once for each, with LEVEL and LANES given. */
#include "sampling.h"
#include "token_race.h"

/* The largest of each block, and whether every number is below +inf. */
static int block_maxima(const float *row, size_t n, float *maxima) {
    float spare[TOKEN_BLOCK];
    ints below = all_ints(-1);
    for (size_t b = 0; b * TOKEN_BLOCK < n; b++) {
        const float *block = block_at(row, n, b, spare);
        floats most = all(-INFINITY);
        for (int i = 0; i < TOKEN_BLOCK; i += LANES) {
            floats x = *(const unaligned_floats *)(block + i);
            below &= x < all(INFINITY);
            most = higher(x, most);
        }
        maxima[b] = largest_lane(most);
    }
    int32_t every = -1;
    for (int i = 0; i < LANES; i++) every &= below[i];
    return every;
}

static int64_t largest(const float *row, size_t n, float *maxima, float *found) {
    if (!block_maxima(row, n, maxima)) return NO_NUMBER;
    size_t best = 0;
    for (size_t b = 1; b * TOKEN_BLOCK < n; b++)
        if (maxima[b] > maxima[best]) best = b;
    *found = maxima[best];
    if (*found == -INFINITY) return NOTHING_ALLOWED;
    size_t token = best * TOKEN_BLOCK;
    while (row[token] != *found) token++;
    return (int64_t)token;
}

static double sum_exp(const float *row, size_t n, float most) {
    return exps(row, n, most, 1, -INFINITY, NULL);
}

static float kth(const float *row, size_t n, const float *maxima, size_t k, float *spare) {
    size_t blocks = (n + TOKEN_BLOCK - 1) / TOKEN_BLOCK, count = 0;
    float bound = -INFINITY; /* not above the k-th: k blocks have a number of at least that */
    if (k <= blocks) {
        memcpy(spare, maxima, blocks * sizeof *spare);
        bound = select_kth(spare, blocks, k);
    }
    for (size_t b = 0; b < blocks; b++) {
        if (maxima[b] < bound) continue;
        size_t end = smaller(n, (b + 1) * TOKEN_BLOCK);
        for (size_t i = b * TOKEN_BLOCK; i < end; i++)
            if (row[i] >= bound) spare[count++] = row[i];
    }
    return select_kth(spare, count, k);
}

static int64_t draw(const float *row, size_t n, const float *maxima, float most,
                    const struct drawing *how, float *spare) {
    float least = -INFINITY;
    if (how->top_k && how->top_k < n) least = kth(row, n, maxima, how->top_k, spare);
    if (how->top_p < 1) {
        struct logits logits = {row, n, maxima, most};
        least = nucleus(logits, how, least, spare);
    }
    return race((struct logits){row, n, maxima, most}, how, least);
}

static void masked(const float *row, size_t n, const uint32_t *mask, float *result) {
    ints lane;
    for (int i = 0; i < LANES; i++) lane[i] = i;
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        words bits = (words)all_ints((int32_t)(mask[i / 32] >> i % 32));
        ints allowed = (ints)((bits >> (words)lane) & 1u) != 0;
        floats x = *(const unaligned_floats *)(row + i);
        *(unaligned_floats *)(result + i) = pick(allowed, x, all(-INFINITY));
    }
    for (; i < n; i++) result[i] = mask[i / 32] >> i % 32 & 1 ? row[i] : -INFINITY;
}

const struct sampling AT_LEVEL(sampling) = {largest, sum_exp, draw, kth, masked};
