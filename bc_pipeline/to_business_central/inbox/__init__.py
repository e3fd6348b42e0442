"""Files of unified records: reading them, and telling what became of each line."""
