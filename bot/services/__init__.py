"""What happens: one stimulus, one transaction. Functions here use the database only, never the network.

A function whose first argument is `ctx` is a whole transaction; one that takes `tx` is part of somebody else's.
"""
