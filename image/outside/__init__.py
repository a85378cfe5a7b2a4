"What leaves the process on a user's behalf: downloads from the web, and conversions by qemu-img."
