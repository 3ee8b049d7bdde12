"""What people look at: how a run stands."""
