"""The Llama family in PyTorch: layers, tokenizer, chat templates, plain generation.

model         tokens in, logits out
layers        normalisation, attention, feed-forward
experts       mixtures of experts in its place
llama4        what Llama 4's attention does otherwise
rope          rotary position embedding
cache         keys and values that attention has seen
loading       a model from a checkpoint
tokenizer     text to token ids and back
chat          conversations as the model was trained to see them
generate      one token after another
errors        what can be wrong with a prompt
"""
