#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What a page becomes on a phone, in headless Chromium.

browser.py DIRECTORY URL EXPRESSION...
                        the page is loaded once, 390 pixels wide; each expression of JavaScript must
                        become true within 30 s. DIRECTORY is the browser's own.
"""
import itertools
import json
import os
import subprocess
import sys
import time

numbers = itertools.count(1)


def start(directory):
    """Chromium reads commands from its descriptor 3 and answers at 4."""
    commands, ours = os.pipe()
    theirs, answers = os.pipe()
    browser = subprocess.Popen(
        ["bash", "-c", f'exec chromium "$@" 3<&{commands} 4>&{answers}', "chromium", "--headless",
         "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--user-data-dir=" + directory],
        stdin=subprocess.DEVNULL, pass_fds=(commands, answers))
    os.close(commands)
    os.close(answers)
    return browser, os.fdopen(ours, "wb", 0), os.fdopen(theirs, "rb")


def message(pipe):
    """The next one; each ends with a zero."""
    text = b""
    while not text.endswith(b"\0"):
        byte = pipe.read(1)
        if not byte:
            sys.exit("  the browser has ended")
        text += byte
    return json.loads(text[:-1])


def call(pipes, method, session=None, **parameters):
    """The answer to that command; what else it tells is of no matter here."""
    number = next(numbers)
    command = {"id": number, "method": method, "params": parameters}
    if session:
        command["sessionId"] = session
    pipes[0].write(json.dumps(command).encode() + b"\0")
    while (answer := message(pipes[1])).get("id") != number:
        pass
    if "error" in answer:
        sys.exit(f"  {method}: {answer['error']}")
    return answer["result"]


def becomes_true(pipes, session, expression):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        answer = call(pipes, "Runtime.evaluate", session, expression=expression)["result"]
        if answer.get("value") is True:
            return True
        time.sleep(0.2)
    print(f"  {expression}: {answer}")
    return False


def main(directory, url, *expressions):
    browser, *pipes = start(directory)
    target = call(pipes, "Target.createTarget", url="about:blank")["targetId"]
    session = call(pipes, "Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    call(pipes, "Emulation.setDeviceMetricsOverride", session, width=390, height=800,
         deviceScaleFactor=2, mobile=True)
    call(pipes, "Page.navigate", session, url=url)
    loaded = "document.readyState === 'complete' && location.href !== 'about:blank'"
    result = all([becomes_true(pipes, session, each) for each in (loaded, *expressions)])
    call(pipes, "Browser.close")
    browser.wait()
    return result


if __name__ == "__main__":
    sys.exit(not main(*sys.argv[1:]))
