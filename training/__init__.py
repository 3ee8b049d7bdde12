"""Tuning a model on a run's samples (§5.1). Torch and its company are imported only where they are needed."""
