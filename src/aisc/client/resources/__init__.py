"""What can be asked of a centre, one module for each room's part of the API."""
