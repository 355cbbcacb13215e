"""The load of the benchmark `calendar`, the same for every server: makes events, asks one thing after another on a
connection that is kept, and prints `name TAB processor ms TAB wall ms TAB requests a second`.

usage: calendar_load.py events NUMBER FOLDER
       calendar_load.py measure PID HOST:PORT CALENDAR PRINCIPAL USER:PASSWORD
       calendar_load.py puts CLIENTS PID HOST:PORT CALENDAR PRINCIPAL USER:PASSWORD
"""

import base64
import datetime
import http.client
import os
import re
import statistics
import sys
import threading
import time
import uuid

BUDGET, MOST = 2.0, 400
HEAD = '<?xml version="1.0"?>'
SPACES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'


def event(number, uid):
    """Two years of events: every twentieth is weekly for ten weeks, every tenth lasts a day, all have an alarm."""
    start = datetime.datetime(2026, 1, 1, 8) + datetime.timedelta(hours=7 * number % (24 * 730))
    if number % 10 == 3:
        times = f"DTSTART;VALUE=DATE:{start:%Y%m%d}\r\nDTEND;VALUE=DATE:{start + datetime.timedelta(days=1):%Y%m%d}\r\n"
    else:
        times = f"DTSTART:{start:%Y%m%dT%H%M%S}Z\r\nDTEND:{start + datetime.timedelta(hours=1):%Y%m%dT%H%M%S}Z\r\n"
    rule = "RRULE:FREQ=WEEKLY;COUNT=10\r\n" if number % 20 == 0 else ""
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bench//EN\r\nBEGIN:VEVENT\r\n"
        f"UID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n{times}{rule}SUMMARY:Event number {number}\r\n"
        f"DESCRIPTION:{'x' * 60}\r\nLOCATION:Room {number % 50}\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:r\r\n"
        "TRIGGER:-PT15M\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    ).encode()


class Client:
    """Somebody on a connection that is kept as long as the server keeps it."""

    def __init__(self, address, credentials):
        self.address, self.connection = address, None
        self.fields = {"Authorization": "Basic " + base64.b64encode(credentials.encode()).decode()}

    def ask(self, method, path, body=None, fields=None, expected=(200, 201, 204, 207)):
        for is_last in (False, True):
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPConnection(self.address, timeout=300)
                self.connection.request(method, path, body, {**self.fields, **(fields or {})})
                reply = self.connection.getresponse()
                content = reply.read()
                break
            except (http.client.HTTPException, OSError):
                # A server may end a connection that was kept.
                self.connection = None
                if is_last:
                    raise
        if reply.status not in expected:
            raise SystemExit(f"{method} {path}: {reply.status} {content[:300]!r}")
        return content

    def put(self, calendar, number):
        uid = f"put-{uuid.uuid4()}"
        self.ask("PUT", f"{calendar}{uid}.ics", event(number, uid), {"Content-Type": "text/calendar"})

    def report(self, path, body, depth="1"):
        return self.ask("REPORT", path, (HEAD + body).encode(), {"Content-Type": "application/xml", "Depth": depth})

    def propfind(self, path, properties, depth):
        body = f"{HEAD}<D:propfind {SPACES}><D:prop>{properties}</D:prop></D:propfind>"
        return self.ask("PROPFIND", path, body.encode(), {"Content-Type": "application/xml", "Depth": depth})


def family(process):
    members, parents = [process], {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat") as file:
                parents[int(entry)] = int(file.read().rsplit(")", 1)[1].split()[1])
        except OSError:
            pass
    for member in members:
        members += [child for child, parent in parents.items() if parent == member]
    return members


def processor_ms(processes):
    """Ticks count threads that ended, the scheduler's figure is finer: whichever saw more."""
    ticks = fine = 0
    for process in processes:
        try:
            with open(f"/proc/{process}/stat") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
            for thread in os.listdir(f"/proc/{process}/task"):
                with open(f"/proc/{process}/task/{thread}/schedstat") as file:
                    fine += int(file.read().split()[0])
        except OSError:
            pass
    return ticks * 1000 / os.sysconf("SC_CLK_TCK"), fine / 1e6


def memory_mb(processes):
    total = 0
    for process in processes:
        with open(f"/proc/{process}/status") as file:
            total += int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])
    return total / 1024


def measure(name, processes, run):
    run()
    walls, before, begun = [], processor_ms(processes), time.perf_counter()
    while len(walls) < 2 or (len(walls) < MOST and time.perf_counter() - begun < BUDGET):
        start = time.perf_counter()
        run()
        walls.append((time.perf_counter() - start) * 1000)
    spent = time.perf_counter() - begun
    used = max(after - earlier for after, earlier in zip(processor_ms(processes), before))
    print(f"{name}\t{used / len(walls):.3f}\t{statistics.median(walls):.3f}\t{len(walls) / spent:.1f}", flush=True)


def query(start, end):
    return (
        f"<C:calendar-query {SPACES}><D:prop><D:getetag/><C:calendar-data/></D:prop><C:filter>"
        '<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">'
        f'<C:time-range start="{start}" end="{end}"/></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>'
    )


def measure_all(client, processes, calendar, principal):
    count = lambda content: len(re.findall(rb"<(?:\w+:)?response[ >]", content))
    week, month = query("20260601T000000Z", "20260608T000000Z"), query("20260601T000000Z", "20260701T000000Z")
    print(f"hits\t{count(client.report(calendar, week))}\t{count(client.report(calendar, month))}\t0")
    measure("calendar-query, one week", processes, lambda: client.report(calendar, week))
    measure("calendar-query, one month", processes, lambda: client.report(calendar, month))
    hrefs = re.findall(rb"<(?:\w+:)?href>([^<]+\.ics)<", client.propfind(calendar, "<D:getetag/>", "1"))
    fifty = "".join(f"<D:href>{href.decode()}</D:href>" for href in hrefs[:50])
    wanted = "<D:prop><D:getetag/><C:calendar-data/></D:prop>"
    multiget = f"<C:calendar-multiget {SPACES}>{wanted}{fifty}</C:calendar-multiget>"
    measure("calendar-multiget of 50", processes, lambda: client.report(calendar, multiget))
    measure("PROPFIND depth 1", processes, lambda: client.propfind(calendar, "<D:getetag/>", "1"))
    token = re.search(rb"sync-token[^>]*>([^<]+)<", client.propfind(calendar, "<D:sync-token/>", "0"))[1].decode()
    client.put(calendar, 1)
    sync = (
        f"<D:sync-collection {SPACES}><D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>"
        "<D:prop><D:getetag/></D:prop></D:sync-collection>"
    )
    measure("sync-collection, one change", processes, lambda: client.report(calendar, sync, "0"))
    measure("GET", processes, lambda: client.ask("GET", hrefs[7].decode()))
    measure("PROPFIND depth 0 of a principal", processes, lambda: client.propfind(principal, "<D:displayname/>", "0"))
    numbers = iter(range(1_000_000))
    measure("PUT of a new event", processes, lambda: client.put(calendar, next(numbers)))
    print(f"memory\t{memory_mb(processes):.0f}\t0\t0")


def puts(clients, processes, address, calendar, credentials, seconds=6):
    done, over = [0] * clients, time.perf_counter() + seconds

    def go_on(place):
        client = Client(address, credentials)
        while time.perf_counter() < over:
            client.put(calendar, place)
            done[place] += 1

    threads = [threading.Thread(target=go_on, args=(place,)) for place in range(clients)]
    before, begun = processor_ms(processes), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = time.perf_counter() - begun
    used = max(after - earlier for after, earlier in zip(processor_ms(processes), before))
    print(f"puts\t{used / max(sum(done), 1):.3f}\t0\t{sum(done) / spent:.1f}")


def main():
    verb, *arguments = sys.argv[1:]
    if verb == "events":
        for number in range(int(arguments[0])):
            uid = f"e{number}-{uuid.uuid4()}"
            with open(os.path.join(arguments[1], f"{uid}.ics"), "wb") as file:
                file.write(event(number, uid))
        return
    clients = int(arguments.pop(0)) if verb == "puts" else 0
    process, address, calendar, principal, credentials = arguments
    processes = family(int(process))
    if verb == "puts":
        puts(clients, processes, address, calendar, credentials)
    else:
        measure_all(Client(address, credentials), processes, calendar, principal)


main()
