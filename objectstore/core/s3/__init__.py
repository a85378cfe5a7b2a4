"""What the S3 API needs beyond the Swift API's use cases: signatures, checksums, multipart
uploads."""
