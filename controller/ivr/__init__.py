"""IVRs, sequences and routings: their model, and their translation into programs of the call-script engine. Pure."""
