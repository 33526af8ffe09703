"""The commands of the language: their arguments, and what each does to a running script."""
