"""The grammar: a sentence to typed statements, whole or not at all; what it cannot parse it leaves uncovered."""
