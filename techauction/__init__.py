"""Auctions of scientific and technological results, held jointly by several technology exchanges."""
