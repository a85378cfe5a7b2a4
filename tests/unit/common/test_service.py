"Loops of a process."

import threading

from common.service import Loop


def test_a_pass_that_fails_is_tried_again_soon_and_then_keeps_its_interval():
    passes, well = [], threading.Event()

    def work():
        passes.append(None)
        if len(passes) < 2:
            raise ConnectionError("not there yet")
        well.set()

    loop = Loop("test", 3600, work)
    loop.start()
    assert well.wait(20)
    loop.stop()
    loop.join(10)
    assert len(passes) == 2 and not loop.is_alive()
