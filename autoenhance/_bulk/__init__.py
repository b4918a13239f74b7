"""How many edits are made at once; `autoenhance.bulk` has what of it is public."""
