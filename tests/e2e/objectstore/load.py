"""Clients that write, overwrite, read, list and delete over HTTP, and remember the answers."""

import random
import threading

import requests

SIZES = (0, 100, 4096, 70_000, (1 << 20) + 5000, 3 << 20)


def body(name, number):
    "The bytes of the number-th write of a name."
    dice = random.Random(f"{name} {number}")
    return dice.randbytes(dice.choice(SIZES))


class Client(threading.Thread):
    """One client with names of its own. `may[name]` is what a read of that name may find: numbers
    of writes, None for nothing; after an answer it is one thing, after a broken connection two."""

    def __init__(self, url, token, number, dies=False):
        super().__init__(name=f"client {number}")
        self.url, self.number, self.dies = f"{url}/v1/AUTH_p1/c", number, dies
        self.may, self.wrong, self.requests, self.refused = {}, [], 0, 0
        self.stopping = threading.Event()
        self._http = requests.Session()
        self._http.headers["X-Auth-Token"] = token
        self._dice = random.Random(number)

    def run(self):
        count = 0
        try:
            while not self.stopping.is_set():
                count += 1
                self._step(count)
        except Exception as error:
            self.wrong.append(repr(error))

    def _step(self, count):
        name = f"{self.number}-{count % 60}"
        if count % 7 == 0 and self.may:
            self._remove(self._dice.choice(list(self.may)))
        else:
            self._put(name, count)
        for wanted in self._dice.sample(list(self.may), min(len(self.may), 3)):
            self.check(wanted)
        if count % 25 == 0:
            self._ask("GET", "?limit=10000", (200, 204))

    def _ask(self, method, path, fine, data=None):
        "The answer; None when the connection broke and may do so."
        try:
            answer = self._http.request(method, f"{self.url}{path}", data=data, timeout=60)
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            if not self.dies:
                raise
            self.stopping.wait(0.05)
            return None
        self.requests += 1
        if answer.status_code not in fine:
            self.wrong.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
        return answer

    def _put(self, name, number):
        """An upload during which more devices fail than a quorum bears is refused (503, "try
        again"): nothing is changed then, and the second attempt finds devices."""
        before = self.may.get(name, {None})
        for fine in ((201, 503), (201, 503), (201,)):
            self.may[name] = {*before, number}
            answer = self._ask("PUT", f"/{name}", fine, body(name, number))
            if answer is None:
                return
            self.may[name] = {number} if answer.status_code == 201 else before
            if answer.status_code == 201:
                return
            self.refused += 1
            self.check(name)

    def _remove(self, name):
        before = self.may[name]
        self.may[name] = {*before, None}
        fine = (204, 404) if None in before else (204,)
        if self._ask("DELETE", f"/{name}", fine) is not None:
            self.may[name] = {None}

    def check(self, name):
        "A read finds what it may, to the byte."
        answer = self._ask("GET", f"/{name}", (200, 404))
        if answer is None:
            return
        may = self.may[name]
        found = None if answer.status_code == 404 else answer.content
        if not any(found == (None if n is None else body(name, n)) for n in may):
            self.wrong.append(f"GET {name}: {answer.status_code}, not one of the writes {may}")

    def stop(self):
        self.stopping.set()
        self.join()
