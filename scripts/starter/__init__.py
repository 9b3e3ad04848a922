"""How the starter model is made: facts of a shop, text about them, a tokenizer, a short training."""
