"""The audit log for people: its pages, what they show in words, its export and its part of the API."""
