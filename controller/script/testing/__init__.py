"""Tests of scripts: the lines that a call is expected to give, and how much of a script its cases reach."""
