"""The live part: one auctioneer, one gallery of watchers."""
