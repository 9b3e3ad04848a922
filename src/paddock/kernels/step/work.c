/* Where the buffers of a step lie, and which thread may take what. See work.h. */
#include <stdatomic.h>

#include "work.h"

enum { LINE = 64 };

struct arena {
    uint8_t *base;
    size_t used;
};

static void *room(struct arena *arena, size_t count, size_t size) {
    size_t at = arena->used;
    arena->used = (at + count * size + LINE - 1) / LINE * LINE;
    return arena->base == NULL ? NULL : arena->base + at;
}

static void lay_scratch(const struct work *work, struct arena *arena, struct scratch *scratch) {
    size_t width = cached_width(work->model);
    size_t products = FEW_ROWS * FEW_PANELS > MANY_ROWS ? FEW_ROWS * FEW_PANELS : MANY_ROWS;
    scratch->row = room(arena, work->widest, sizeof(float));
    scratch->turned = room(arena, width, sizeof(float));
    scratch->prepared = room(arena, MAX_PARTS * PRIVATE_ROWS, work->prepared_bytes);
    scratch->product = room(arena, products * PANEL, sizeof(float));
    scratch->queries = room(arena, TILE_ROWS * width, sizeof(float));
    scratch->chances = room(arena, PACK * SPAN, sizeof(float));
    scratch->scores = room(arena, PACK * SPAN, sizeof(float));
    scratch->mixtures = room(arena, (TILE_ROWS / PACK + 1) * mixture_floats(width), sizeof(float));
}

size_t work_layout(struct work *work, size_t tokens, uint8_t *base) {
    const struct model *model = work->model;
    size_t threads = (size_t)team_threads(work->team);
    struct arena arena = {base, 0};
    work->x = room(&arena, tokens * (size_t)model->dim, sizeof(float));
    work->qkv = room(&arena, tokens * (q_width(model) + 2 * kv_width(model)), sizeof(float));
    work->mixed = room(&arena, tokens * q_width(model), sizeof(float));
    work->gate_up = room(&arena, tokens * 2 * (size_t)model->ffn_dim, sizeof(float));
    work->inputs = room(&arena, tokens * work->widest, sizeof(float));
    work->low = room(&arena, tokens * work->low_stride, sizeof(float));
    work->prepared = room(&arena, MAX_PARTS * tokens, work->prepared_bytes);
    work->row_adapters = room(&arena, tokens, sizeof *work->row_adapters);
    work->tiles = room(&arena, tokens, sizeof *work->tiles);
    work->splits = room(&arena, 2 * threads, sizeof *work->splits);
    work->left = room(&arena, 2 * threads, sizeof *work->left);
    /* For the longest sequence that there may be; memory is taken when it is first written. */
    work->slot_count = spans_of((size_t)model->context) * (size_t)model->kv_heads;
    work->slots = room(&arena, work->slot_count * mixture_floats(cached_width(model)), sizeof(float));
    for (size_t thread = 0; thread < threads; thread++)
        lay_scratch(work, &arena, &work->scratch[thread]);
    return arena.used;
}

static size_t seen_by(const struct token_tile *tile) {
    return (size_t)tile->position + (size_t)tile->count;
}

/* Share out the spans of tiles that would keep one thread busy when the others are done. They are
 * fewer than the places for them: each has more than 1 / (2 threads) of all there is to do. */
static void plan_splits(struct work *work) {
    size_t kv_heads = (size_t)work->model->kv_heads, group = (size_t)work->model->heads / kv_heads;
    size_t threads = (size_t)team_threads(work->team), all = 0, slots = 0;
    work->split_count = work->split_tasks = 0;
    for (size_t t = 0; t < work->tile_count; t++) all += seen_by(&work->tiles[t]) * kv_heads;
    for (size_t t = 0; t < work->tile_count && threads > 1; t++) {
        struct token_tile *tile = &work->tiles[t];
        size_t spans = spans_of(seen_by(tile)), tasks = spans * kv_heads;
        if (spans == 1 || (size_t)tile->count * group > PACK || slots + tasks > work->slot_count
            || seen_by(tile) * 2 * threads <= all)
            continue;
        struct split split = {tile, spans, slots, work->split_count * kv_heads};
        for (size_t h = 0; h < kv_heads; h++)
            atomic_init(&work->left[split.first_left + h], (uint32_t)spans);
        tile->is_split = 1;
        work->splits[work->split_count++] = split;
        slots += tasks;
    }
    work->split_tasks = slots;
}

void work_plan(struct work *work, const struct adapter *slots) {
    const struct batch *batch = work->batch;
    work->tile_count = 0;
    work->has_adapters = 0;
    for (int32_t s = 0; s < batch->sequences; s++) {
        int32_t first = batch->starts[s], end = batch->starts[s + 1];
        int32_t position = batch->lengths[s] - (end - first);
        int32_t slot = batch->adapters[s];
        work->has_adapters |= slot >= 0;
        for (int32_t token = first; token < end; token++)
            work->row_adapters[token] = slot < 0 ? NULL : &slots[slot];
        while (first < end) {
            int32_t count = BLOCK_TOKENS - position % BLOCK_TOKENS;
            count = count < end - first ? count : end - first;
            work->tiles[work->tile_count++] = (struct token_tile){s, first, count, position, 0};
            first += count;
            position += count;
        }
    }
    plan_splits(work);
}
