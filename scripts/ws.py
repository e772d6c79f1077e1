#!/usr/bin/env python3
"""A WebSocket on the command line, with nothing but Python's standard library.

    python3 scripts/ws.py ws://127.0.0.1:8000/ws [--count N] [--wait SECONDS]

Each line of standard input is sent as a text frame; each text frame received is printed as a line. Ends after N
frames were received, when the server closes, or, without --count, when standard input ends and nothing was
received for a second.
"""

import argparse
import base64
import os
import socket
import struct
import sys
import threading
from urllib.parse import urlsplit

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA


def connect(url, wait):
    parts = urlsplit(url)
    connection = socket.create_connection((parts.hostname, parts.port or 80), timeout=wait)
    key = base64.b64encode(os.urandom(16)).decode()
    connection.sendall(
        f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    reader = connection.makefile("rb")
    status = reader.readline().decode().strip()
    while reader.readline().strip():
        pass
    if " 101 " not in status:
        sys.exit(f"no WebSocket at {url}: {status}")
    return connection, reader


def send(connection, opcode, payload):
    length = len(payload)
    if length < 126:
        header = struct.pack("!BB", 0x80 | opcode, 0x80 | length)
    elif length < 65536:
        header = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, length)
    else:
        header = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, length)
    mask = os.urandom(4)
    connection.sendall(header + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)))


def receive(reader):
    """The next frame as (opcode, payload); the server of rim never sends fragments."""
    head = reader.read(2)
    if len(head) < 2:
        return CLOSE, b""
    length = head[1] & 0x7F
    if length == 126:
        (length,) = struct.unpack("!H", reader.read(2))
    elif length == 127:
        (length,) = struct.unpack("!Q", reader.read(8))
    return head[0] & 0x0F, reader.read(length)


def main():
    parser = argparse.ArgumentParser(description="A WebSocket on the command line")
    parser.add_argument("url")
    parser.add_argument("--count", type=int, help="end after so many frames were received")
    parser.add_argument("--wait", type=float, default=10, help="seconds to wait for a frame at the most")
    options = parser.parse_args()
    connection, reader = connect(options.url, options.wait)

    def send_lines():
        for line in sys.stdin:
            if line.strip():
                send(connection, TEXT, line.strip().encode())
        if options.count is None:
            connection.settimeout(1)

    threading.Thread(target=send_lines, daemon=True).start()
    received = 0
    while options.count is None or received < options.count:
        try:
            opcode, payload = receive(reader)
        except TimeoutError:
            sys.exit(0 if options.count is None else "waited in vain")
        if opcode == TEXT:
            received += 1
            print(payload.decode(), flush=True)
        elif opcode == PING:
            send(connection, PONG, payload)
        elif opcode == CLOSE:
            break
    send(connection, CLOSE, struct.pack("!H", 1000))


if __name__ == "__main__":
    main()
