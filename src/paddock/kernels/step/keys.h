/* Keys and values into the cache: by KV head and by tokens that lie in one block. */
#pragma once
#include "attending.h"
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
