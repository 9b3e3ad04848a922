"""The Llama family in PyTorch: layers, tokenizer, chat templates, plain generation."""
