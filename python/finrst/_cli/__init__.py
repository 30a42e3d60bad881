"""The command ``finrst``: a file for each command, and what they share."""
