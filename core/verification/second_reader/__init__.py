"""The second reader: statements that a model reads in a sentence, judged by the same evaluators as the grammar's."""
