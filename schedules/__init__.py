"""What is due, and when: studies, calendars, late doses, compliance figures.

Pure: no clock, no input or output, no database. Every instant and every text comes in as an argument.
"""
