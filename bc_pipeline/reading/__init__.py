"""Business Central into the mirror ``bc.*``: what is read, page by page, and its state."""
