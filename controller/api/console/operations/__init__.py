"""Over the JSON interface: what the console alone knows how to do with scripts, the state of the service and people."""
