"""Prints the committed events or rows of a topic, from the first one on, until ctrl-c."""

import io
import json
import os
import sys

import fastavro
from confluent_kafka import Consumer, TopicPartition

BROKERS = os.environ.get("BROKERS", "localhost:9092")


def consumer(group):
    return Consumer({
        "bootstrap.servers": BROKERS,
        "group.id": group,
        "auto.offset.reset": "earliest",
        "isolation.level": "read_committed",  # The default, of librdkafka and not of all clients.
    })


class Schemas:
    """The schemas of a context by their fingerprints. Each is in the topic before the first value that needs it."""

    def __init__(self, topic):
        self.known = {}
        self.consumer = consumer("unused")
        self.consumer.assign([TopicPartition(topic, 0, 0)])

    def schema(self, fingerprint):
        while fingerprint not in self.known:
            record = self.consumer.poll(10.0)
            if record is None or record.error():
                raise LookupError(f"no schema {fingerprint}: {record and record.error()}")
            self.known[record.key().decode()] = fastavro.parse_schema(json.loads(record.value()))
        return self.known[fingerprint]

    def decode(self, value):
        """An event or row: Avro in single-object encoding, or JSON where the context says so."""
        if value[:2] != b"\xc3\x01":
            return json.loads(value)
        fingerprint = value[9:1:-1].hex()  # Least significant byte first; the topic's key has the most significant one first.
        return fastavro.schemaless_reader(io.BytesIO(value[10:]), self.schema(fingerprint), None)


schemas = Schemas("shop.schemas")
records = consumer("reader-python")
records.subscribe([sys.argv[1]])
try:
    while True:
        record = records.poll(1.0)
        if record is None:
            continue
        if record.error():
            raise RuntimeError(record.error())
        key = record.key().decode()
        if record.value() is None:
            print(key, "(deleted)", flush=True)  # Of tables only: the row is gone.
            continue
        event = dict(record.headers())["ce_type"].decode()
        print(key, event, json.dumps(schemas.decode(record.value())), flush=True)
except KeyboardInterrupt:
    pass
finally:
    records.close()
