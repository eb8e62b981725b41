"""What scripts need around the graph: flags, the main function, files, resources, versions."""
