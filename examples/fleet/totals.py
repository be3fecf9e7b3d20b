#!/usr/bin/env python3
"""Totals of the flights, straight from the CSV: what the fleet's tables must say.

    totals.py routes|carriers|aircraft|workshop|late CSV       prints {"key": …, "value": …} lines, ordered by key
    totals.py compare TABLE CSV < watched.jsonl                compares them with what `processor watch … --json` printed

late is routes where who leaves early is on time, see "Change it" in README.md.

For aircraft the lines to compare are those of `processor inspect … --json`: {"id": …, "state": …}.
It shares no code with Partita. Exit code 1: something differs, and every difference was printed.
"""
import csv
import gzip
import json
import sys


def flights(path):
    """The rows of the CSV in its order; missing values are None."""
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", newline="") as file:
        for row in csv.DictReader(file):
            yield {name: None if value in ("", "NA") else value for name, value in row.items()}


def whole(value):
    """A whole number that may be written 2.0, as some tools do in columns with missing values."""
    return int(float(value))


def punctuality(path, key_of, least_delay=None):
    rows = {}
    for flight in flights(path):
        row = rows.setdefault(key_of(flight), {"flights": 0, "cancelled": 0, "delay_minutes": 0, "mean_delay": None})
        row["flights"] += 1
        if flight["dep_time"] is None:
            row["cancelled"] += 1
        else:
            delay = whole(flight["dep_delay"])
            row["delay_minutes"] += delay if least_delay is None else max(delay, least_delay)
    for row in rows.values():
        departures = row["flights"] - row["cancelled"]
        if departures:
            row["mean_delay"] = row["delay_minutes"] / departures
    return rows


def route(flight):
    return f"{flight['origin']}-{flight['dest']}"


def routes(path):
    return punctuality(path, route)


def late(path):
    return punctuality(path, route, least_delay=0)


def carriers(path):
    return punctuality(path, lambda flight: f"{flight['carrier']}/{int(flight['year']):04}-{int(flight['month']):02}")


def aircraft(path):
    states = {}
    for flight in flights(path):
        if flight["tailnum"] is None or flight["dep_time"] is None:
            continue
        state = states.setdefault(flight["tailnum"], {"minutes": 0, "cycles": 0, "stands_at": ""})
        state["cycles"] += 1
        state["minutes"] += whole(flight["air_time"] or 0)
        state["stands_at"] = flight["dest"] if flight["air_time"] else ""
    for state in states.values():
        state["hours"] = state["minutes"] / 60
        state["minutes_since_maintenance"] = state["minutes"]
        state["maintenance_due"] = state["minutes"] >= 6000
    return states


def workshop(path):
    minutes, rows = {}, {}
    for flight in flights(path):
        tail = flight["tailnum"]
        if tail is None or flight["dep_time"] is None:
            continue
        minutes[tail] = minutes.get(tail, 0) + whole(flight["air_time"] or 0)
        if minutes[tail] >= 6000 and tail not in rows:
            rows[tail] = {"minutes": minutes[tail]}
    return rows


TABLES = {"routes": routes, "carriers": carriers, "aircraft": aircraft, "workshop": workshop, "late": late}


def watched(lines):
    """The last value of each key; a deleted row (null) is none."""
    rows = {}
    for line in lines:
        if not line.strip():
            continue
        record = json.loads(line)
        if "state" in record:
            rows[record["id"]] = record["state"]
        elif record["value"] is None:
            rows.pop(record["key"], None)
        else:
            rows[record["key"]] = record["value"]
    return rows


def differences(want, got):
    for key in sorted(want.keys() | got.keys()):
        if want.get(key) != got.get(key):
            yield f"{key}: want {json.dumps(want.get(key))}, got {json.dumps(got.get(key))}"


def main(args):
    compare = args[:1] == ["compare"]
    args = args[1:] if compare else args
    if len(args) != 2 or args[0] not in TABLES:
        print(__doc__, file=sys.stderr)
        return 2
    want = TABLES[args[0]](args[1])
    if not compare:
        for key in sorted(want):
            print(json.dumps({"key": key, "value": want[key]}))
        return 0
    found = list(differences(want, watched(sys.stdin)))
    for line in found:
        print(line)
    print(f"{args[0]}: {len(want)} totals, {len(found)} different", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
