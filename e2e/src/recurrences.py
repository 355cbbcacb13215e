"""Prints when the calendars of a folder take place, as ical/examples/occurrences.rs does: FOLDER FROM TO ZONE."""

import datetime
import pathlib
import sys
import zoneinfo

import icalendar
import recurring_ical_events

folder, start, end, zone = sys.argv[1:]
zone = zoneinfo.ZoneInfo(zone)
start, end = (datetime.datetime.strptime(t, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC) for t in (start, end))
margin = datetime.timedelta(days=2)


def utc(value):
    if not isinstance(value, datetime.datetime):
        value = datetime.datetime.combine(value, datetime.time())
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(datetime.UTC)


def occurrences(path):
    calendar = icalendar.Calendar.from_ical(path.read_bytes())
    query = recurring_ical_events.of(calendar, components=["VEVENT", "VTODO"])
    found = ((utc(component.start), utc(component.end)) for component in query.between(start - margin, end + margin))
    inside = sorted(pair for pair in found if start <= pair[0] < end)
    return [" ".join(time.strftime("%Y%m%dT%H%M%SZ") for time in pair) for pair in inside]


for path in sorted(pathlib.Path(folder).iterdir()):
    print(path.name)
    try:
        print("".join(line + "\n" for line in occurrences(path)), end="")
    except Exception as error:
        print("!", type(error).__name__, str(error).replace("\n", " "))
