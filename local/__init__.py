"""The local cloud: MiniStack with three small extensions, and the real deployment on it. Nothing here reaches AWS."""
