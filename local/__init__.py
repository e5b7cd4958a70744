"""The local cloud: MiniStack with small extensions, and the real deployment on it. Nothing here calls AWS."""
