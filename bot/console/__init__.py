"""What site staff see. Pages call services with the session's sites; nothing here knows a channel or decides anything."""
