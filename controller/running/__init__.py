"""What makes a configuration run on a machine: Asterisk's files, prompts rendered ahead, reloads, the supervisor."""
