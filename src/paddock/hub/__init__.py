"""The hub: repositories that are git, kept in the database, behind the Hugging Face Hub's protocol."""
