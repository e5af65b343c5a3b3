"""Lists for the channels: who is served by whom, packages, what recipients acknowledged, holds and delivery."""
