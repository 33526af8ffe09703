"""The neural engine: piper, as a separate program in an environment of its own, with its models kept loaded."""
