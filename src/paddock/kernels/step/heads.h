/* Keys and values into the cache, and attention: by KV head and by tokens that lie in one block. */
#pragma once
#include "attention.h"
#include "stage.h"

/* Where a KV head's block 0 of a layer is. */
static uint8_t *cache_at(const struct work *w, size_t layer, size_t kv_head) {
    size_t head_bytes = head_block_bytes(w->model), kv_heads = (size_t)w->model->kv_heads;
    return w->cache + (layer * w->blocks * kv_heads + kv_head) * head_bytes;
}

static void put_word(int is_wide, uint8_t *to, const float *elements) {
    if (is_wide) memcpy(to, elements, sizeof(float));
    else
        for (int i = 0; i < 2; i++) ((half_bits *)(void *)to)[i] = bfloat_of_float(elements[i]);
}

static void fetch_early(const float *from, size_t count) {
    for (size_t i = 0; i < count; i += 16) __builtin_prefetch(from + i);
}

/* A head turned by its position's angles. */
static void turn(const struct model *m, const float *head, size_t position, float *turned) {
    size_t pairs = (size_t)m->head_dim / 2;
    rotate(head, m->cos + position * pairs, m->sin + position * pairs, pairs, turned);
}

/* Key and value of a new token go to their place in its block. */
static void keep_token(const struct work *w, int thread, size_t token, size_t position, size_t kv_head,
                       uint8_t *block) {
    const struct model *m = w->model;
    size_t head = (size_t)m->head_dim, width = cached_width(m), line = BLOCK_TOKENS * sizeof(uint32_t);
    const float *key = w->qkv + token * (q_width(m) + 2 * kv_width(m)) + q_width(m) + kv_head * head;
    const float *value = key + kv_width(m);
    float *turned = w->scratch[thread].turned;
    size_t place = position % BLOCK_TOKENS, row = q_width(m) + 2 * kv_width(m);
    fetch_early(key + row, head); /* the next token's, if there is one */
    fetch_early(value + row, head);
    turn(m, key, position, turned);
    for (size_t i = 0; i < head; i += word_elements(m->is_wide), block += line)
        put_word(m->is_wide, block + place * sizeof(uint32_t), turned + i);
    block += (width - head) / word_elements(m->is_wide) * line;
    uint8_t *values = block + place / word_elements(m->is_wide) * width * sizeof(uint32_t);
    for (size_t i = 0; i < head; i++, values += sizeof(uint32_t))
        if (m->is_wide) memcpy(values, value + i, sizeof(float));
        else ((half_bits *)(void *)values)[place % 2] = bfloat_of_float(value[i]);
}

static void keep_keys(struct work *w, int thread, size_t layer) {
    size_t kv_heads = (size_t)w->model->kv_heads, head_bytes = head_block_bytes(w->model);
    for (size_t task; (task = team_take(w->team, 1)) < w->tile_count * kv_heads;) {
        const struct token_tile *tile = &w->tiles[task / kv_heads];
        const int32_t *table = w->batch->tables + (size_t)tile->sequence * w->batch->table_blocks;
        size_t number = (size_t)table[tile->position / BLOCK_TOKENS];
        uint8_t *block = cache_at(w, layer, task % kv_heads) + number * kv_heads * head_bytes;
        for (int32_t i = 0; i < tile->count; i++)
            keep_token(w, thread, (size_t)(tile->first + i), (size_t)(tile->position + i),
                       task % kv_heads, block);
    }
    team_meet(w->team, thread);
    tell_time(w, thread, TIME_KEYS);
}

/* A query head of a tile: row i is of token i / group and of the group's head i % group. */
static const float *query_at(const struct work *w, const struct token_tile *tile, size_t kv_head,
                             size_t row) {
    const struct model *m = w->model;
    size_t group = (size_t)(m->heads / m->kv_heads), token = (size_t)tile->first + row / group;
    size_t head = kv_head * group + row % group;
    return w->qkv + token * (q_width(m) + 2 * kv_width(m)) + head * (size_t)m->head_dim;
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

static struct attending attention_of(const struct work *w, int thread, const struct token_tile *tile,
                                     size_t layer, size_t kv_head) {
    const struct model *m = w->model;
    const struct scratch *scratch = &w->scratch[thread];
    return (struct attending){
        .is_wide = m->is_wide,
        .width = cached_width(m),
        .scale = LOG2_E / __builtin_sqrtf((float)m->head_dim),
        .cache = cache_at(w, layer, kv_head),
        .block_stride = (size_t)m->kv_heads * head_block_bytes(m),
        .table = w->batch->tables + (size_t)tile->sequence * w->batch->table_blocks,
        .queries = scratch->queries,
        .scores = scratch->scores,
        .chances = scratch->chances,
        .sums = scratch->sums,
        .totals = (floats *)(void *)scratch->totals,
        .highest = scratch->highest,
    };
}

/* Some of a tile's queries of a KV head, from row first on. */
static void attend_some(const struct work *w, int thread, const struct token_tile *tile,
                        struct attending *a, size_t kv_head, size_t first) {
    enum { EARLY = 8 }; /* rows: a token's queries are far from the next one's */
    const struct model *m = w->model;
    size_t group = (size_t)(m->heads / m->kv_heads), head = (size_t)m->head_dim;
    for (size_t row = 0; row < a->rows; row++) {
        if (row + EARLY < a->rows)
            fetch_early(query_at(w, tile, kv_head, first + row + EARLY), head);
        a->seen[row] = (size_t)tile->position + (first + row) / group + 1;
        put_query(m, a, query_at(w, tile, kv_head, first + row), row, w->scratch[thread].turned);
    }
    attend(a);
    for (size_t row = 0; row < a->rows; row++) {
        size_t token = (size_t)tile->first + (first + row) / group;
        float *out = w->mixed + token * q_width(m) + (kv_head * group + (first + row) % group) * head;
        memcpy(out, a->sums + row * a->width, head * sizeof *out);
    }
}

static void mix(struct work *w, int thread, size_t layer) {
    size_t kv_heads = (size_t)w->model->kv_heads, group = (size_t)w->model->heads / kv_heads;
    size_t tasks = w->tile_count * kv_heads;
    for (size_t task; (task = team_take(w->team, 1)) < tasks;) {
        /* The last tile of a prompt sees most, so it begins. */
        const struct token_tile *tile = &w->tiles[w->tile_count - 1 - task / kv_heads];
        struct attending a = attention_of(w, thread, tile, layer, task % kv_heads);
        size_t rows = (size_t)tile->count * group;
        for (size_t first = 0; first < rows; first += TILE_ROWS) {
            a.rows = rows - first < TILE_ROWS ? rows - first : TILE_ROWS;
            attend_some(w, thread, tile, &a, task % kv_heads, first);
        }
    }
    team_meet(w->team, thread);
    tell_time(w, thread, TIME_ATTENTION);
}
