"""Catalogue: the treatments and policies in force, their versions, and how a new version comes to be."""
