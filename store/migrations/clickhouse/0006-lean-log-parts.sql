-- What a log row costs is memory touched and files made, more than it is compression. A part that comes from one insert is one
-- file instead of a hundred, a text lies with its length, and no statistics are made of columns that are never joined. Parts that are there stay as they
-- are, readable.

ALTER TABLE logs MODIFY SETTING
    min_bytes_for_wide_part = 134217728, string_serialization_version = 'single_stream', auto_statistics_types = ''
