"""The archive workflow: plan, stage, load, verify, release. One module a step, and the driver."""
