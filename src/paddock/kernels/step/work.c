/* Where the buffers of a step lie, and which thread may take what. See work.h. */
#include "work.h"

enum { TILE_ROWS = 64, PACK = 16, SPAN = 256, LINE = 64 }; /* attention.h */

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
    scratch->sums = room(arena, TILE_ROWS * width, sizeof(float));
    scratch->totals = room(arena, TILE_ROWS * 16, sizeof(float));
    scratch->highest = room(arena, TILE_ROWS, sizeof(float));
}

size_t work_layout(struct work *work, size_t tokens, uint8_t *base) {
    const struct model *model = work->model;
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
    for (int thread = 0; thread < team_threads(work->team); thread++)
        lay_scratch(work, &arena, &work->scratch[thread]);
    return arena.used;
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
            work->tiles[work->tile_count++] = (struct token_tile){s, first, count, position};
            first += count;
            position += count;
        }
    }
}
