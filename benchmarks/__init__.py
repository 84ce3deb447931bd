"""What is measured against a peer or a floor. Each file prints ratios of one run; no test asserts a time."""
