"""What investigators take away: figures counted from the records as they stood at an instant, never stored."""
