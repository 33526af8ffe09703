"""What the console keeps: its people, their sessions and links, what they changed; and the figures that it shows."""
