"""Prints what is committed of a replicated counter, or of a map of counters, by its name."""

import json
import os
import sys

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

BROKERS = os.environ.get("BROKERS", "localhost:9092")


def newest(topic):
    """The newest record of each key, once the topic is read to its end."""
    consumer = Consumer({
        "bootstrap.servers": BROKERS,
        "group.id": "unused",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "isolation.level": "read_committed",  # The default, of librdkafka and not of all clients.
    })
    behind = set(consumer.list_topics(topic).topics[topic].partitions)
    consumer.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in behind])
    values = {}
    while behind:
        record = consumer.poll(10.0)
        if record is None:
            raise TimeoutError(f"{topic} is not read to its end: {behind} are behind")
        if record.error() is None:
            values[record.key().decode()] = record.value()
        elif record.error().code() == KafkaError._PARTITION_EOF:
            behind.discard(record.partition())
        else:
            raise RuntimeError(record.error())
    consumer.close()
    return values


class Reader:
    """Takes numbers and texts off the front of bytes."""

    def __init__(self, data):
        self.data = iter(data)

    def byte(self):
        return next(self.data)

    def uvarint(self):
        number = shift = 0
        while (byte := self.byte()) >= 0x80:
            number |= (byte & 0x7F) << shift
            shift += 7
        return number | byte << shift

    def varint(self):
        number = self.uvarint()
        return number >> 1 ^ -(number & 1)

    def keyed(self, read, maps):
        """So many keys, and what stands under each."""
        return {self.key(): read(self, maps) for _ in range(self.uvarint())}

    def key(self):
        return json.loads(bytes(self.byte() for _ in range(self.uvarint())))


class Entry:
    """What a shard has added: to a counter, or in a map under each key."""

    def __init__(self, r, maps):
        self.version = r.uvarint()
        if maps:
            self.keys = r.keyed(Entry, maps - 1)
        else:
            self.since, self.base, self.total = r.uvarint(), r.varint(), r.varint()

    def value(self, maps, removals, gone=0):
        """What is left of it, None for nothing. The removals are those of other shards at this place."""
        gone = max([gone, *(r.up_to for r in removals)])
        if self.version <= gone:
            return None
        if not maps:
            last = max(removals, key=lambda r: r.up_to, default=None)
            return self.total - (last.total if last and last.up_to > self.since else self.base)
        below = {key: entry.value(maps - 1, [r.keys[key] for r in removals if key in r.keys], gone) for key, entry in self.keys.items()}
        return {key: value for key, value in below.items() if value is not None}


class Removal:
    """What a shard has removed from another one's part."""

    def __init__(self, r, maps):
        has = r.byte()
        self.up_to = r.uvarint() if has & 1 else 0
        self.total = r.varint() if has & 2 else 0
        self.keys = r.keyed(Removal, maps - 1) if has & 8 else {}


class Contribution:
    """One shard's part of a value: docs/formats/crdt.md has the bytes."""

    def __init__(self, data):
        r = Reader(data)
        form, self.maps, kind = r.byte(), r.byte(), r.byte()
        if form != 1 or kind > 2:
            raise ValueError(f"format {form}, kind {kind}: this program knows counters in format 1")
        self.shard, self.version = r.uvarint(), r.uvarint()
        self.entry = Entry(r, self.maps)
        self.removals = {r.uvarint(): Removal(r, self.maps) for _ in range(r.uvarint())}


def together(a, b):
    """Both values as one: numbers are added up, also under the keys of maps."""
    if a is None or b is None:
        return b if a is None else a
    if not isinstance(a, dict):
        return a + b
    return {key: together(a.get(key), b.get(key)) for key in {**a, **b}}


def value(contributions):
    whole = None
    for c in contributions:
        removals = [other.removals[c.shard] for other in contributions if c.shard in other.removals]
        whole = together(whole, c.entry.value(c.maps, removals))
    return whole


name = sys.argv[1]
records = newest("shop.replicated")
print(json.dumps(value([Contribution(data) for key, data in records.items() if key.split("/")[0] == name]), sort_keys=True))
