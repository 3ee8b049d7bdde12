"""Texts: values found in them as people write them, compared as tools mean them; and what hides in them."""
