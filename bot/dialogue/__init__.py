"""How a conversation goes: scripts as data and a pure engine. No clock, no I/O, no texts: only their ids."""
