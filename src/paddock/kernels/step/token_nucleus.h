/* Top-p without sorting: the logit down to which tokens make up a share of all weight.
 *
 * The weight of that token is enclosed between two bounds, which are floats taken as whole numbers:
 * first by a sample where one tells (in flat rows), then by halves, over all weights and over the few
 * that are left; among the last few it is selected. Every sum is in one fixed order.
 */
#pragma once
#include "token_blocks.h"

enum {
    NARROW = 1 << 17, /* units of the last place: weights within a 64th of each other */
    FEW = 256,        /* tokens that are better selected than enclosed further */
    SAMPLE = 1024,    /* tokens */
};

INLINE float sharpness_of(double temperature) {
    return temperature > 1e-30 ? (float)(1 / temperature) : 1e30f;
}

/* The weight that is looked for is from low up to high: all from low on weigh of_low, which is enough,
 * and all from high on weigh of_high, which is not. */
struct enclosed {
    uint32_t low, high;
    double of_low, of_high;
    double mass; /* what is enough */
};

/* Sum of all weights of at least bound. */
static double heavy_mass(const float *weights, size_t n, float bound) {
    doubles sums = {0};
    double total = 0;
    size_t i = 0;
    for (; i + TOKEN_BLOCK <= n; i += TOKEN_BLOCK) {
        floats sum = all(0.0f);
        for (size_t j = i; j < i + TOKEN_BLOCK; j += LANES) {
            floats x = *(const unaligned_floats *)(weights + j);
            sum += pick(x >= all(bound), x, all(0.0f));
        }
        sums += __builtin_convertvector(sum, doubles);
    }
    for (; i < n; i++) total += weights[i] >= bound ? weights[i] : 0;
    for (int lane = 0; lane < LANES; lane++) total += sums[lane];
    return total;
}

static void try_bound(struct enclosed *found, uint32_t bound, double reached) {
    if (reached >= found->mass) {
        found->low = bound;
        found->of_low = reached;
    } else {
        found->high = bound;
        found->of_high = reached;
    }
}

/* Enclose by halves until at most few tokens can be left; beyond is what those weigh that are not
 * given. */
static void enclose(const float *weights, size_t n, double beyond, double few,
                    struct enclosed *found) {
    while (found->high - found->low > NARROW
           && found->of_low - found->of_high > few * float_of(found->low)) {
        uint32_t middle = found->low + (found->high - found->low) / 2;
        try_bound(found, middle, beyond + heavy_mass(weights, n, float_of(middle)));
    }
}

/* Two bounds by a sample, three standard errors of its share apart on both sides; none where the
 * sample has another sum than it should, for then few tokens have most of the weight. */
static void enclose_by_sample(const float *weights, size_t n, double total,
                              struct enclosed *found) {
    struct weighed sample[SAMPLE];
    size_t step = n / SAMPLE;
    double share = found->mass / total, sum = 0;
    double error = 3 * sqrt(share * (1 - share) / SAMPLE);
    if (step < 2) return;
    for (size_t i = 0; i < SAMPLE; i++) {
        float weight = weights[i * step];
        sample[i] = (struct weighed){weight, weight};
        sum += weight;
    }
    if (fabs(sum * (double)n / SAMPLE - total) > total / 4) return;
    for (int side = -1; side <= 1; side += 2) {
        double target = (share + side * error) * sum;
        if (target <= 0 || target >= sum) continue;
        uint32_t bound = bits_of(select_mass(sample, SAMPLE, target));
        if (found->low < bound && bound < found->high)
            try_bound(found, bound, heavy_mass(weights, n, float_of(bound)));
    }
}

/* Which lanes are from low up to high, lane 0 the lowest bit. */
INLINE uint32_t lanes_within(floats x, float low, float high) {
    ints within = (ints)(x >= all(low)) & (ints)(x < all(high));
#if LANES == 16
    return _mm512_movepi32_mask((__m512i)within);
#elif LANES == 8
    return (uint32_t)_mm256_movemask_ps((__m256)within);
#elif LANES == 4 && defined(__SSE2__)
    return (uint32_t)_mm_movemask_ps((__m128)within);
#else
    uint32_t bits = 0;
    for (int i = 0; i < LANES; i++) bits |= (uint32_t)(within[i] & 1) << i;
    return bits;
#endif
}

/* The weights from low up to high and their tokens, in order; gives their number. */
static size_t keep(const float *weights, size_t n, float low, float high, float *kept,
                   uint32_t *tokens) {
    size_t count = 0, i = 0;
    for (; i + LANES <= n; i += LANES) {
        floats x = *(const unaligned_floats *)(weights + i);
        uint32_t within = lanes_within(x, low, high);
#if LANES == 16
        if (!within) continue;
        ints each = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
        __m512i numbers = (__m512i)(each + (int32_t)i);
        _mm512_storeu_ps(kept + count, _mm512_maskz_compress_ps((__mmask16)within, (__m512)x));
        _mm512_storeu_si512(tokens + count,
                            _mm512_maskz_compress_epi32((__mmask16)within, numbers));
        count += (size_t)__builtin_popcount(within);
#else
        for (; within; within &= within - 1, count++) {
            size_t token = i + (size_t)__builtin_ctz(within);
            kept[count] = weights[token];
            tokens[count] = (uint32_t)token;
        }
#endif
    }
    for (; i < n; i++) {
        kept[count] = weights[i];
        tokens[count] = (uint32_t)i;
        count += weights[i] >= low && weights[i] < high;
    }
    return count;
}

/* The logit down to which tokens make up top_p of the weight of all that are at least least; spare
 * has room for 5 n numbers. */
static float nucleus(struct logits in, const struct drawing *how, float least, float *spare) {
    float *weights = spare, *kept = spare + in.n;
    uint32_t *tokens = (uint32_t *)(void *)(spare + 2 * in.n);
    struct weighed *members = (struct weighed *)(void *)(spare + 3 * in.n);
    double total = exps(in.row, in.n, in.most, sharpness_of(how->temperature), least, weights);
    /* All lighter ones together weigh less than what is left out. */
    float light = (float)((1 - how->top_p) * total / (double)in.n * 0.999);
    uint32_t low = bits_of(light > 1e-37f ? light : 1e-37f), high = bits_of(1.0f) + 256;
    struct enclosed found = {low, high, total, 0, how->top_p * total};
    enclose_by_sample(weights, in.n, total, &found);
    enclose(weights, in.n, 0, (double)(in.n / 8), &found);
    size_t left = keep(weights, in.n, float_of(found.low), float_of(found.high), kept, tokens);
    enclose(kept, left, found.of_high, FEW, &found);
    size_t count = 0;
    for (size_t i = 0; i < left; i++)
        if (kept[i] >= float_of(found.low) && kept[i] < float_of(found.high))
            members[count++] = (struct weighed){in.row[tokens[i]], kept[i]};
    return count ? select_mass(members, count, found.mass - found.of_high) : in.most;
}
