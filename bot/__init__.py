"""Suiyao: company between visits for people on oral myeloma maintenance."""
