"""CSV files of members: from the upload to the account of every row."""
