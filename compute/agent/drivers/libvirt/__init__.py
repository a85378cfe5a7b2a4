"""Servers as QEMU guests of libvirt, one device or one operation a module.

Only this package knows libvirt; `host.py` alone imports its binding.
"""
