"""The Dialer: a recorded message is sent to a number, and its sender asks what became of it."""
