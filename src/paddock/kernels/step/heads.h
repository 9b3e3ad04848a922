/* Attention of a step: by KV head and by tokens that lie in one block, whose queries share what they
 * read; and of few sequences by spans, so that no thread has nothing to do. */
#pragma once
#include <stdatomic.h>

#include "attention.h"
#include "keys.h"

/* Queries of a KV head of a tile: row i is of token i / group and of the group's head i % group. */
struct head {
    const struct token_tile *tile;
    size_t kv_head, group, first; /* the first row that is attended to */
};

static struct head head_of(const struct work *w, const struct token_tile *tile, size_t kv_head) {
    return (struct head){tile, kv_head, (size_t)(w->model->heads / w->model->kv_heads), 0};
}

static size_t token_at(const struct head *head, size_t row) {
    return (size_t)head->tile->first + (head->first + row) / head->group;
}

/* Where a row's query, or what is mixed for it, is among those of its token. */
static size_t column_at(const struct work *w, const struct head *head, size_t row) {
    size_t number = head->kv_head * head->group + (head->first + row) % head->group;
    return number * (size_t)w->model->head_dim;
}

static const float *query_at(const struct work *w, const struct head *head, size_t row) {
    size_t stride = q_width(w->model) + 2 * kv_width(w->model);
    return w->qkv + token_at(head, row) * stride + column_at(w, head, row);
}

/* A query, turned by its position's angles, to its column of a pack. */
static void put_query(const struct model *m, const struct attending *a, const float *query, size_t row,
                      float *turned) {
    size_t width = (size_t)m->head_dim, word = word_bytes(a->is_wide);
    size_t lines = a->width / word_elements(a->is_wide);
    uint8_t *to = a->queries + (row / PACK * lines * PACK + row % PACK) * word;
    memset(turned + width, 0, (a->width - width) * sizeof *turned);
    turn(m, query, a->seen[row] - 1, turned);
    uint8_t elements[LANES * sizeof(float)] __attribute__((aligned(64)));
    for (size_t i = 0; i < a->width; i += LANES) {
        put_elements(a->is_wide, elements, *(const floats *)(const void *)(turned + i));
        for (size_t k = 0; k < LANES; k += word_elements(a->is_wide), to += PACK * word)
            memcpy(to, elements + k * element_bytes(a->is_wide), word);
    }
}

/* Some rows of a head, their queries ready. */
static struct attending attention_of(const struct work *w, int thread, size_t layer,
                                     const struct head *head, size_t rows) {
    enum { EARLY = 8 }; /* rows: a token's queries are far from the next one's */
    const struct model *m = w->model;
    const struct scratch *scratch = &w->scratch[thread];
    struct attending a = {
        .is_wide = m->is_wide,
        .width = cached_width(m),
        .scale = LOG2_E / __builtin_sqrtf((float)m->head_dim),
        .cache = cache_at(w, layer, head->kv_head),
        .block_stride = (size_t)m->kv_heads * head_block_bytes(m),
        .table = w->batch->tables + (size_t)head->tile->sequence * w->batch->table_blocks,
        .rows = rows,
        .queries = scratch->queries,
        .scores = scratch->scores,
        .chances = scratch->chances,
    };
    for (size_t row = 0; row < rows; row++) {
        if (row + EARLY < rows)
            fetch_early(query_at(w, head, row + EARLY), (size_t)m->head_dim);
        a.seen[row] = (size_t)head->tile->position + (head->first + row) / head->group + 1;
        put_query(m, &a, query_at(w, head, row), row, scratch->turned);
    }
    return a;
}

static struct mixture mixture_at(const struct attending *a, float *room, size_t number) {
    float *sums = room + number * mixture_floats(a->width), *highest = sums + PACK * a->width;
    return (struct mixture){sums, highest, highest + PACK};
}

/* A pack's rows are done. */
static void keep_mixed(const struct work *w, const struct attending *a, const struct head *head,
                       size_t pack, const struct mixture *sum) {
    for (size_t r = 0; r < PACK && pack * PACK + r < a->rows; r++) {
        size_t row = pack * PACK + r;
        float *out = w->mixed + token_at(head, row) * q_width(w->model) + column_at(w, head, row);
        divide(a, r, sum, out, (size_t)w->model->head_dim);
    }
}

static void add_rows(const struct attending *a, size_t pack, const struct mixture *next,
                     struct mixture *sum) {
    for (size_t r = 0; r < PACK && pack * PACK + r < a->rows; r++) add_mixture(a, r, next, sum);
}

static void mix_head(const struct work *w, int thread, size_t layer, const struct head *head,
                     size_t rows) {
    float *room = w->scratch[thread].mixtures;
    struct attending a = attention_of(w, thread, layer, head, rows);
    struct mixture sums[TILE_ROWS / PACK], next = mixture_at(&a, room, TILE_ROWS / PACK);
    size_t packs = (rows + PACK - 1) / PACK, spans = spans_of(a.seen[0]);
    for (size_t pack = 0; pack < packs; pack++) {
        sums[pack] = mixture_at(&a, room, pack);
        mix_span(&a, pack, 0, &sums[pack]);
    }
    for (size_t span = 1; span < spans; span++)
        for (size_t pack = 0; pack < packs; pack++) {
            mix_span(&a, pack, span, &next);
            add_rows(&a, pack, &next, &sums[pack]);
        }
    for (size_t pack = 0; pack < packs; pack++) keep_mixed(w, &a, head, pack, &sums[pack]);
}

static void mix_tile(const struct work *w, int thread, size_t layer, const struct token_tile *tile,
                     size_t kv_head) {
    struct head head = head_of(w, tile, kv_head);
    size_t rows = (size_t)tile->count * head.group;
    for (; head.first < rows; head.first += TILE_ROWS)
        mix_head(w, thread, layer, &head, smaller(rows - head.first, TILE_ROWS));
}

/* One span of one head of a tile that is split; whoever is the last puts all of them together. */
static void mix_split(const struct work *w, int thread, size_t layer, const struct split *split,
                      size_t index) {
    size_t kv_head = index / split->spans, first = kv_head * split->spans;
    float *room = w->slots + split->first_slot * mixture_floats(cached_width(w->model));
    _Atomic uint32_t *left = &w->left[split->first_left + kv_head];
    struct head head = head_of(w, split->tile, kv_head);
    struct attending a = attention_of(w, thread, layer, &head, (size_t)split->tile->count * head.group);
    struct mixture next = mixture_at(&a, room, index);
    mix_span(&a, 0, index - first, &next);
    if (atomic_fetch_sub_explicit(left, 1, memory_order_acq_rel) > 1) return;
    atomic_store_explicit(left, (uint32_t)split->spans, memory_order_relaxed); /* for the next layer */
    struct mixture sum = mixture_at(&a, room, first);
    for (size_t span = 1; span < split->spans; span++) {
        next = mixture_at(&a, room, first + span);
        add_rows(&a, 0, &next, &sum);
    }
    keep_mixed(w, &a, &head, 0, &sum);
}

/* Whole tiles come first, since spans are small and fill the gaps. Of a prompt's tiles the last sees
 * most, so it begins. */
static void mix(struct work *w, int thread, size_t layer) {
    size_t kv_heads = (size_t)w->model->kv_heads, whole = w->tile_count * kv_heads;
    for (size_t task; (task = team_take(w->team, 1)) < whole + w->split_tasks;) {
        if (task < whole) {
            const struct token_tile *tile = &w->tiles[w->tile_count - 1 - task / kv_heads];
            if (!tile->is_split) mix_tile(w, thread, layer, tile, task % kv_heads);
            continue;
        }
        const struct split *split = w->splits;
        for (task -= whole; task >= split->spans * kv_heads; split++) task -= split->spans * kv_heads;
        mix_split(w, thread, layer, split, task);
    }
    team_meet(w->team, thread);
    tell_time(w, thread, TIME_ATTENTION);
}
