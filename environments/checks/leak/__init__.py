"""Whether a query reveals what the assistant is to take from the profile, however it is disguised (§4.3)."""
