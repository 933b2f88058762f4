"""One handler for each service: runs the guard around the work. No protobuf here but where it is the work itself."""
