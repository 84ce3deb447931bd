"""How words travel: one file per channel. Nothing here knows a participant, a study or the database."""
