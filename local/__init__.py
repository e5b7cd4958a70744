"""The local cloud: MiniStack with four small extensions, and the real deployment on it. Nothing here reaches AWS."""
