// The entry: starts what the page needs.
