/* One step's work: what all threads of the team share, and what each has for itself. */
#pragma once
#include "step.h"
#include "team.h"

enum {
    PRIVATE_ROWS = 2, /* so few rows are prepared by every thread for itself: cheaper than to meet */
    FEW_ROWS = 32,    /* up to so many, a thread takes several panels at once */
    FEW_PANELS = 32,
    MANY_ROWS = 256, /* more are multiplied by a panel in several goes */
};

/* Of attention. */
enum {
    PACK = 16,      /* queries whose words lie side by side */
    TILE_ROWS = 64, /* queries that share a pass over a span */
    SPAN_BLOCKS = 16,
    SPAN = SPAN_BLOCKS * BLOCK_TOKENS, /* positions that are mixed by themselves */
};

/* New tokens of a sequence that lie in one block. */
struct token_tile {
    int32_t sequence, first, count, position; /* of the first token */
    int32_t is_split;
};

/* A tile of at most PACK queries a KV head whose spans are shared out; slots and what is left to do are
 * KV head by KV head. */
struct split {
    const struct token_tile *tile;
    size_t spans, first_slot, first_left;
};

struct scratch {
    float *row, *turned;   /* [widest inputs], [width of a cached head] */
    uint8_t *prepared;     /* [MAX_PARTS, PRIVATE_ROWS] */
    float *product;        /* [FEW_ROWS, FEW_PANELS * PANEL] or [MANY_ROWS, PANEL] */
    uint8_t *queries, *chances;
    float *scores, *mixtures; /* of a tile's packs, and of a span */
};

struct work {
    const struct model *model;
    const struct batch *batch;
    const struct products *products;
    struct team *team;
    uint8_t *cache;        /* [layers, blocks, kv_heads, keys then values] */
    size_t blocks, widest; /* the widest inputs of a product */
    size_t prepared_bytes; /* of a row, at most */
    size_t low_stride;     /* floats of a row in low */
    float *x, *qkv, *mixed, *gate_up, *inputs, *low;
    uint8_t *prepared;     /* [MAX_PARTS, T] */
    const struct adapter **row_adapters; /* [T] */
    int has_adapters;
    struct token_tile *tiles;
    size_t tile_count;
    struct split *splits; /* [2 threads] */
    size_t split_count, split_tasks, slot_count;
    float *slots;           /* [slot_count] mixtures */
    _Atomic uint32_t *left; /* [2 threads] spans that are not mixed yet */
    struct scratch *scratch; /* [threads] */
    float *out;
    uint64_t *times, now; /* nanoseconds of each part, if they are wanted */
};

/* Lays out the buffers for so many tokens from base on; gives their bytes. base may be NULL. */
size_t work_layout(struct work *work, size_t tokens, uint8_t *base);

/* Fill in what depends on the batch alone. */
void work_plan(struct work *work, const struct adapter *slots);

/* Bytes of a KV head in one block of one layer, keys and values. */
static inline size_t head_block_bytes(const struct model *model) {
    size_t elements = 2 * BLOCK_TOKENS * cached_width(model);
    return elements * (model->is_wide ? 4 : 2);
}

/* Floats of a mixture: a pack's sums, their highest scores and their totals. */
static inline size_t mixture_floats(size_t width) { return PACK * (width + 2); }

static inline size_t spans_of(size_t positions) { return (positions + SPAN - 1) / SPAN; }

/* The step at one level, done by every thread of the team. */
typedef void (*step_task)(struct work *work, int thread);
#ifdef LEVEL
void AT_LEVEL(step)(struct work *work, int thread);
#endif
