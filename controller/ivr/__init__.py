"""IVRs, sequences, routings, messages: their models, and their translation into programs of the engine. Pure."""
