"""Calls whose controller or connection went away: adopted, settled, or let go."""
