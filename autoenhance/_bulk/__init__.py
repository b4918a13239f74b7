"""Bulk runs. `autoenhance.bulk` exports the public names."""
