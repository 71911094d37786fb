"""Serves metrics in Prometheus's text format with little memory: one thread, the standard library's sockets alone."""

import socket

# seconds that a client may take over its request or the answer
PATIENCE = 5
LONGEST_REQUEST = 16 * 1024


class Unavailable(Exception):
    """What is measured does not answer; the text says why."""


def label(value):
    return str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def family(name, meaning, samples, kind="gauge"):
    """Lines of one metric; samples are pairs of labels (a dict) and value."""
    lines = [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]
    for labels, value in samples:
        inner = ",".join(f'{key}="{label(text)}"' for key, text in labels.items())
        lines.append(f"{name}{{{inner}}} {value}" if inner else f"{name} {value}")
    return lines


def address_of(text):
    """`198.18.12.10:6817` as host and port."""
    host, port = text.rsplit(":", 1)
    return host, int(port)


def serve(address, pages):
    """Answers GET requests for ever; `pages` maps a path to what makes its lines."""
    with socket.create_server(address_of(address)) as server:
        while True:
            connection, _ = server.accept()
            with connection:
                connection.settimeout(PATIENCE)
                try:
                    connection.sendall(answer(request_of(connection), pages))
                except OSError as error:
                    print(f"a client was given up: {error}", flush=True)


def request_of(connection):
    """The first line of a request, read up to the end of its headers."""
    data = b""
    while b"\r\n\r\n" not in data and len(data) < LONGEST_REQUEST:
        more = connection.recv(4096)
        if not more:
            break
        data += more
    return data.split(b"\r\n", 1)[0].decode("latin-1")


def answer(request, pages):
    """The whole answer to the first line of a request."""
    method, target = (request.split(" ") + ["", ""])[:2]
    page = pages.get(target.split("?")[0])
    if method != "GET":
        return response("405 Method Not Allowed", "only GET\n")
    if page is None:
        return response("404 Not Found", "".join(f"{path}\n" for path in pages))
    try:
        return response("200 OK", "\n".join(page()) + "\n")
    except Unavailable as error:
        return response("503 Service Unavailable", f"{error}\n")


def response(status, body):
    content = body.encode()
    head = [
        f"HTTP/1.1 {status}",
        "Content-Type: text/plain; version=0.0.4; charset=utf-8",
        f"Content-Length: {len(content)}",
        "Connection: close",
    ]
    return "\r\n".join([*head, "", ""]).encode() + content
