"""IVRs and sequences: their model, and their translation into programs of the call-script engine. Pure."""
