"""The command line, by families: what each command does, thin wherever a room does the work."""
