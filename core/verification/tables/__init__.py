"""The knowledge the checks use, as data: add a synonym, a unit or a word here and nowhere else."""
