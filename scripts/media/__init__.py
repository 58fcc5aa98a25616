"""Synthetic media and a small Common Encryption packager; see ../make-media.py."""
