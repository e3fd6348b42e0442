"""What there is, as data: entities, tables, resources, columns and their names."""
