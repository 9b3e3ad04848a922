/* A batch is checked whole before a step reads it: nothing in it can lead outside the buffers. */
#include "check.h"

static enum fault token_fault(const struct model *model, const struct batch *batch, int64_t *value) {
    for (int32_t i = 0; i < batch->token_count; i++) {
        *value = batch->tokens[i];
        if (*value < 0 || *value >= model->vocabulary) return BAD_TOKEN;
    }
    return SOUND;
}

static enum fault start_fault(const struct batch *batch, int64_t *value) {
    *value = batch->starts[0];
    if (*value) return BAD_START;
    for (int32_t s = 1; s <= batch->sequences; s++) {
        *value = batch->starts[s];
        if (*value <= batch->starts[s - 1]) return BAD_START;
    }
    return *value == batch->token_count ? SOUND : BAD_START;
}

/* Of one sequence, whose starts are sound. */
static enum fault table_fault(const struct model *model, const struct batch *batch, int32_t s,
                              size_t blocks, int64_t *value) {
    *value = batch->lengths[s];
    int64_t room = (int64_t)batch->table_blocks * BLOCK_TOKENS;
    if (*value < batch->starts[s + 1] - batch->starts[s] || *value > model->context || *value > room)
        return BAD_LENGTH;
    int64_t used = (*value + BLOCK_TOKENS - 1) / BLOCK_TOKENS;
    const int32_t *table = batch->tables + (size_t)s * (size_t)batch->table_blocks;
    for (int64_t b = 0; b < used; b++) {
        *value = table[b];
        if (*value < 0 || (size_t)*value >= blocks) return BAD_BLOCK;
    }
    return SOUND;
}

static enum fault wanted_fault(const struct batch *batch, int64_t *value) {
    int64_t before = -1;
    for (int32_t r = 0; r < batch->wanted_count; r++, before = *value) {
        *value = batch->wanted[r];
        if (*value <= before || *value >= batch->token_count) return BAD_WANTED;
    }
    return SOUND;
}

enum fault batch_fault(const struct model *model, const struct batch *batch, size_t blocks,
                       const struct adapter *slots, size_t slot_count, int64_t *value) {
    enum fault fault = token_fault(model, batch, value);
    if (fault == SOUND) fault = start_fault(batch, value);
    for (int32_t s = 0; fault == SOUND && s < batch->sequences; s++) {
        fault = table_fault(model, batch, s, blocks, value);
        if (fault != SOUND) break;
        *value = batch->adapters[s];
        if (*value < -1 || (*value >= 0 && ((size_t)*value >= slot_count || !slots[*value].parts)))
            fault = BAD_ADAPTER;
    }
    return fault == SOUND ? wanted_fault(batch, value) : fault;
}
