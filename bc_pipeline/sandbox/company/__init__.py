"""What a company of the sandbox holds: its tables, and changing them all or nothing."""
