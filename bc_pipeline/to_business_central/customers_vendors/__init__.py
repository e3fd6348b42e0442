"""What customers and vendors share."""
