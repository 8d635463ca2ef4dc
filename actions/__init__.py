"""What happens in a turn: pick the answer or ask for the missing fact. Emits references, never prose."""
