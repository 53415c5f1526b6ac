"""The report loop: two agents between a request and a clinician's review."""
