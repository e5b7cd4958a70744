"""`make bench` measures the budgets of speed and cost."""
