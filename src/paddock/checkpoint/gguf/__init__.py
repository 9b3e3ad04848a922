"""llama.cpp's single file: header, metadata, tokenizer and tensors."""
