"""The JSON API: rounds, lots and records, and whole rounds in one call. Offers and streams are the saleroom's own paths."""
