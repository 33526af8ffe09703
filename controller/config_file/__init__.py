"""The YAML library: text to nodes with positions, nodes to declarations, and mistakes with their line and column."""
