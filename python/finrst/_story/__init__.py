"""What the rows say, in words and counts."""
