"""GraphDef -> GraphDef: parts of graphs, variables as constants, graphs for inference."""
