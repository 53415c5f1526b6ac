"""The `strata` command: one module for each group of commands."""
