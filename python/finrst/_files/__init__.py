"""Tables into files, which appear whole or not at all."""
