"""Writing to Business Central: files of unified records, Optiply's buy orders, and their ledger."""
