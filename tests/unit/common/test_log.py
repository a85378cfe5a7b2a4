"""Lines of the log: the short way for the line of each request, and the long one, say the same."""

import json
import logging
import os
import re

import pytest

from common import log
from common.context import request_id_var


@pytest.fixture
def lines(monkeypatch):
    "What reaches standard error, a list; the log of the test run is as before afterwards."
    root, names = logging.getLogger(), ("logThreads", "logProcesses", "logMultiprocessing")
    before = root.handlers[:], root.level, [getattr(logging, n) for n in names], logging._srcfile
    written = []
    monkeypatch.setattr(os, "write", lambda fd, data: written.append(data) or len(data))
    mark = request_id_var.set("req-1")
    yield written
    request_id_var.reset(mark)
    root.handlers[:], logging._srcfile = before[0], before[3]
    root.setLevel(before[1])
    for name, value in zip(names, before[2], strict=True):
        setattr(logging, name, value)
    log._plain = None


def test_the_short_way_writes_what_the_long_way_does(lines):
    log.setup()
    logger = logging.getLogger("access")
    log.line(logger, 'GET "/v1/ä %s"')
    logger.info("%s", 'GET "/v1/ä %s"')
    short, long = (re.sub(rb"^\S+ \S+ ", b"", line) for line in lines)
    assert short == long == 'INFO access [req-1] GET "/v1/ä %s"\n'.encode()
    assert re.match(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} ", lines[0])


def test_whoever_else_listens_hears_it_too(lines):
    log.setup()
    heard = []
    handler = logging.Handler()
    handler.emit = lambda record: heard.append(record.getMessage())
    logging.getLogger().addHandler(handler)
    log.line(logging.getLogger("access"), "one")
    assert heard == ["one"] and len(lines) == 1


def test_json_and_levels(lines):
    log.setup(log_format="json")
    log.line(logging.getLogger("access"), "one")
    assert json.loads(lines[0])["message"] == "one"
    log.setup()
    logger = logging.getLogger("access")
    logger.setLevel(logging.WARNING)
    try:
        log.line(logger, "two")
    finally:
        logger.setLevel(logging.NOTSET)
    assert len(lines) == 1
