"""Labels, folders and favourites: how people keep order among segments."""
