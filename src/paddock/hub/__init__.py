"""The hub: repositories that are git, kept in the database, spoken to as the Hugging Face Hub."""
