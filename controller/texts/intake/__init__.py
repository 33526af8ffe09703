"""Intake: texts that came in through the dialplan, stored before the dialplan is told so, spooled there otherwise."""
