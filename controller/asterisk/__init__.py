"""Asterisk's own interfaces: ARI, AMI, FastAGI, HEP, and its configuration files. Knows nothing of Ringpost's domain."""
