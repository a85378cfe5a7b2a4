"""Guest images: `tiny`, ours, from Debian's packages in seconds; `debian`, a Debian 12 with
cloud-init, on demand."""
