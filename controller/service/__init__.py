"""The service as a whole: every part built and wired in one place, and run together."""
