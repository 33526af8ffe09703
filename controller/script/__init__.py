"""The call-script language: parser, program, engine, checker, simulator. Pure: no I/O, no clock, no event loop."""
