"""A second, plain program for the study's calendar and figures. It shares no code with the product: only the ledgers."""
