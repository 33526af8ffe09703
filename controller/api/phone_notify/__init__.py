"""Phone Notify!: calls, sounds, scripts, lists and numbers for customers' programs, at PhoneNotify.asmx."""
