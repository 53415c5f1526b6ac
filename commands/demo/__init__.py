"""`strata demo`: everything on this machine. Imports nothing, since every command looks in here for a running demo."""
