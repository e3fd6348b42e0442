"""Connecting a tenant: consent, what belongs together, a dry run, and its entry in tenants.yaml
(flows.md 9)."""
