"""A study played ahead of time: the real services on the virtual clock of a database marked as rehearsal."""
