"""Pages of jobs and of a project's files."""
