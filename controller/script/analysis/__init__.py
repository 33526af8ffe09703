"""What can be said of a script before it runs: mistakes, flow, bounds."""
