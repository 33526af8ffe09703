"""What customers' programs, administrators and monitors talk to over HTTP: one file a door."""
