"""Sample deliveries with known truth, made from a seed."""
