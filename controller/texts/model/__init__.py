"""A text as Ringpost knows it: what it is, where it stands, and what it may become."""
