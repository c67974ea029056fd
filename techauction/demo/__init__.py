"""The demonstration: an invented round on published figures, played by the real auctioneer."""
