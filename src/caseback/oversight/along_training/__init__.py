"""Between checkpoints: what appears along one training run, and whether duplicity was visible while it was weak."""
