"""Asterisk's own interfaces (ARI, AMI, FastAGI, HEP) and its configuration. Knows nothing of Ringpost's domain."""
