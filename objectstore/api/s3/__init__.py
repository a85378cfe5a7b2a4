"""The S3 API on the data of the Swift API: a bucket is a container of the account of the access
key's project."""
