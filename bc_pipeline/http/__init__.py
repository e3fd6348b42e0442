"""What asking both systems has in common."""
