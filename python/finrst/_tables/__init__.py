"""Rows and columns, and what they mean."""
