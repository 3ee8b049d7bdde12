"""The stages in order, and what the person who started them is told (§4)."""
