"""The evaluation harness, its suites and cases, and the offline model server."""
