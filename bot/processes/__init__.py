"""Starting, training and watching over the processes that make up Waymark."""
