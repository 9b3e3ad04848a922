/* What can be wrong with a batch, by number (engine/native/library.py has the sentences). */
#pragma once
#include "step.h"

enum fault { SOUND, BAD_TOKEN, BAD_START, BAD_LENGTH, BAD_BLOCK, BAD_ADAPTER, BAD_WANTED };

/* The first fault, and the number that is wrong. Reads what the counts say and nothing beyond. */
enum fault batch_fault(const struct model *model, const struct batch *batch, size_t blocks,
                       const struct adapter *slots, size_t slot_count, int64_t *value);
