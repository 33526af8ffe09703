"""What customers' programs, administrators and monitors talk to over HTTP: one module or folder an interface."""
