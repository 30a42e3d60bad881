"""What people hold and call: reading, captures, comparisons."""
