"""Texts and the values in them: found as people write them, compared as tools mean them, in any room."""
