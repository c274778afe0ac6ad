"""Where a replay gets its events from: the vendor's files, a store, or a store that is made of them meanwhile."""
