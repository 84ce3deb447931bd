"""What answers mean: danger words, and later questionnaires, provisional grades and triage. Pure."""
