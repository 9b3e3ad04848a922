"""The history of the tables, one numbered file a change; ``paddock.storage.migrate`` runs it."""
