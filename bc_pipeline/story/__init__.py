"""A record's story: what was read, how each value came about, what was sent when, what it waits
for. Reads a tenant's own files only, and changes nothing."""
