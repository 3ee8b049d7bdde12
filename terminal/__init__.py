"""What commands show on a terminal: progress of stages, and texts of models made harmless."""
