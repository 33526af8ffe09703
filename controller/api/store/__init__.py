"""What customers' interfaces keep: the answers to requests that may be repeated, and media."""
