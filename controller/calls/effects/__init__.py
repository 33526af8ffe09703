"""What a script has Asterisk do: one verb a file, each the owner of what it makes."""
