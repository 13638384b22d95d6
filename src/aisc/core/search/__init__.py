"""One search over everything: Chinese in either script, English, names in any order, numbers and uids.

``words`` turns text into the words it is found by, ``kinds`` is where rooms register what can be found, ``index``
keeps one row for each thing up to date in the transaction that changes it, ``database`` holds the full-text index of
SQLite and of PostgreSQL, ``asking`` answers. Who may see a thing stands in its row as words too, and every question
asks for them: what somebody may not see takes no part in the search, so neither counts nor time tell of it.
"""
