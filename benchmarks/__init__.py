"""How fast, in how much memory and with how many requests; see docs/performance.md."""
