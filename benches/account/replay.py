#!/usr/bin/env python3
"""A proxy that asks an emulator once for each distinct request, answers from memory afterwards, and holds every answer back for a while.

It takes the emulator's own time out of a measurement and puts a network's in. Signature and date do not make a request
distinct. Connections are kept alive, as AWS keeps them. `GET /_replay/delay/MS` sets the delay, `GET /_replay/served` tells
how many requests were answered and how many were under way at once at most. `GET /_replay/volumes/N` puts N volumes of its own,
in pages of a thousand, in the place of the emulator's: accounts larger than an emulator can be filled in a reasonable time.
"""
import argparse
import asyncio
import json
import re
import time

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)
TARGET = re.compile(rb"\r\nx-amz-target: *([^\r]+)", re.I)
HOST = re.compile(rb"\r\nhost: *([^\r:]+)", re.I)
SCOPE = re.compile(rb"Credential=[^/]+/\d+/([^/]+)/([^/]+)/", re.I)
CONNECTION = re.compile(rb"\r\n(connection|keep-alive): [^\r]*", re.I)
CHUNKED = re.compile(rb"\r\ntransfer-encoding: chunked", re.I)


VOLUME = """<item><volumeId>vol-%017x</volumeId><size>20</size><snapshotId/><availabilityZone>us-east-1a</availabilityZone>
<status>available</status><createTime>2026-01-01T00:00:00.000Z</createTime><attachmentSet/><volumeType>gp3</volumeType><iops>3000</iops>
<throughput>125</throughput><encrypted>%s</encrypted><multiAttachEnabled>false</multiAttachEnabled><tagSet>
<item><key>env</key><value>prod</value></item><item><key>owner</key><value>team-%d</value></item></tagSet></item>"""
PAGE = 1000


class Replay:
    def __init__(self, upstream, delay):
        self.upstream, self.delay, self.volumes = upstream, delay, 0
        self.answers, self.served, self.running, self.most = {}, 0, 0, 0

    async def ask(self, request):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.upstream, limit=1 << 26)
        writer.write(CONNECTION.sub(b"", request, count=1))
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")  # moto closes after each answer
        writer.close()
        if CHUNKED.search(head):
            whole = b""
            while body:
                size, _, body = body.partition(b"\r\n")
                if int(size, 16) == 0:
                    break
                whole, body = whole + body[:int(size, 16)], body[int(size, 16) + 2:]
            head, body = CHUNKED.sub(b"", head) + b"\r\nContent-Length: %d" % len(whole), whole
        return CONNECTION.sub(b"", head) + b"\r\nConnection: keep-alive\r\n\r\n" + body

    def page(self, request):
        """A page of volumes; its token is the number of the first one on it."""
        start = re.search(rb"NextToken=(\d+)", request)
        first = int(start.group(1)) if start else 0
        last = min(first + PAGE, self.volumes)
        items = "".join(VOLUME % (n, "true" if n % 10 else "false", n % 7) for n in range(first, last))
        token = "<nextToken>%d</nextToken>" % last if last < self.volumes else ""
        body = ('<DescribeVolumesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId>'
                "<volumeSet>%s</volumeSet>%s</DescribeVolumesResponse>" % (items, token)).encode()
        return b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)

    def control(self, path):
        if path.startswith(b"/_replay/volumes/"):
            self.volumes = int(path.rsplit(b"/", 1)[1])
        if path.startswith(b"/_replay/delay/"):
            self.delay, self.served, self.most = float(path.rsplit(b"/", 1)[1]) / 1000, 0, 0
        body = json.dumps({"served": self.served, "most": self.most}).encode()
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)

    async def serve(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = LENGTH.search(head)
                body = await reader.readexactly(int(length.group(1))) if length else b""
                line = head.split(b"\r\n", 1)[0]
                path = line.split(b" ")[1]
                if path.startswith(b"/_replay/"):
                    writer.write(self.control(path))
                    continue
                arrived = time.monotonic()
                self.running += 1
                self.most = max(self.most, self.running)
                parts = (TARGET.search(head), SCOPE.search(head), HOST.search(head))
                key = (line, body) + tuple(m.groups() if m else None for m in parts)
                if self.volumes and b"Action=DescribeVolumes" in body:
                    answer = self.page(body)
                else:
                    if key not in self.answers:
                        self.answers[key] = asyncio.ensure_future(self.ask(head + body))
                    answer = await self.answers[key]
                left = arrived + self.delay - time.monotonic()
                if left > 0:
                    await asyncio.sleep(left)
                self.running -= 1
                self.served += 1
                if line.startswith(b"HEAD"):
                    answer = answer.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--upstream", type=int, required=True, help="port of the emulator")
    parser.add_argument("--delay", type=float, default=0, help="milliseconds")
    args = parser.parse_args()
    replay = Replay(args.upstream, args.delay / 1000)
    server = await asyncio.start_server(replay.serve, "127.0.0.1", 0, backlog=1024, limit=1 << 26)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await server.serve_forever()


asyncio.run(main())
