"""The process's settings: the environment, the service's sections of the YAML, and the whole configuration."""
