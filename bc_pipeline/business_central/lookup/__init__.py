"""Which row of Business Central has this id, code or number."""
