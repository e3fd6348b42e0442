"""Pages of rows on their way into the tables of the mirror."""
