"""The offline model server: OpenAI's protocol, answered by fixed rules, by no language model."""

MODEL = "strata-offline-rules"
