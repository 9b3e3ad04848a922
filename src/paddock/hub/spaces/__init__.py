"""What is particular to spaces: their secrets, their variables, and that nothing runs them here."""
