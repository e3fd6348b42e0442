"""Business Central API v2.0, played over HTTP (behaviour.md, rules.md)."""
