"""Runs a model for many requests at once: paged KV cache, scheduler, sampler, grammar.

Knows tokens. Knows no HTTP and no text; whoever has text brings a tokenizer (``paddock.serve``).

request        what is asked for, and what comes back
step           one step of a mixed batch, and what a runner of such steps must offer
adapters       LoRA: small matrices added to a model's projections
lora_config    what PEFT's adapter_config.json says
lora_folder    an adapter from a folder as PEFT saves it
opening        a runner for a checkpoint: in which precision, by which code
streaming      a checkpoint that runs without being held
precision      in how many bits matrices are kept
free_memory    how much a process may still take
errors         what can be wrong with a request
options        how large an engine is, and what it may do
reserving      its runners before the first step
stats          what it has done, and holds now
engine         requests in, tokens out, step after step
stepping       what is in hand, from its first step to its end
intake         a request made ready, on its caller's thread
checking       whether a model can run it at all
inbox          what other threads ask, until the next step
sequence       a request while it is in hand
fair_queue     whose turn it is
scheduler      what the next step computes
paging         the blocks of each running sequence
blocks         which blocks are free, who holds the others
prefix_cache   which block holds which prefix
adapter_slots  which adapter is at which of the runner's slots
batch          a planned step in arrays
computing      a planned step through the runner
constraint     a grammar's say in a step
outcome        what a computed step means for a request
speculation    guesses of the next tokens, so that one step can bring several
sampling       logits to tokens
grammar        which tokens a schema, an expression or a choice allows next
native         the runner in C: packed weights, one call a step
torch_runner   the runner in PyTorch: reference, fallback, and the one for GPUs
"""
