"""Sends commands to the cart c1 and prints their answers."""

import json
import os
import random
import time
import uuid

from confluent_kafka import Consumer, Producer, TopicPartition

BROKERS = os.environ.get("BROKERS", "localhost:9092")

producer = Producer({
    "bootstrap.servers": BROKERS,
    # The partition that Java and Partita choose for a key. librdkafka's default is another: that works too, by a detour.
    "partitioner": "murmur2_random",
    "linger.ms": 0,                    # Who waits for an answer waits for no other command.
})
answers = Consumer({
    "bootstrap.servers": BROKERS,
    "group.id": "unused",              # There must be one. Nothing is committed: an answer is for who waits for it now.
    "enable.auto.commit": False,
    "isolation.level": "read_committed",  # The default, of librdkafka and not of all clients.
})

# One partition of the topic for answers is enough for us. From its end on, asked for before the first command is sent.
partitions = answers.list_topics("shop.replies").topics["shop.replies"].partitions
mine = TopicPartition("shop.replies", random.choice(list(partitions)))
_, mine.offset = answers.get_watermark_offsets(mine)
answers.assign([mine])


def ask(cart, command, headers=None, timeout=10.0):
    """Sends a command and returns its answer."""
    correlation = uuid.uuid4().bytes
    producer.produce("shop.cart.commands", key=cart, value=json.dumps(command), headers={
        **(headers or {}),
        "kafka_replyTopic": mine.topic,
        "kafka_replyPartition": str(mine.partition),
        "kafka_correlationId": correlation,
    })
    producer.flush(timeout)
    deadline = time.monotonic() + timeout
    while (left := deadline - time.monotonic()) > 0:
        record = answers.poll(left)
        if record is None:
            break
        if record.error():
            raise RuntimeError(record.error())
        if dict(record.headers()).get("kafka_correlationId") == correlation:  # Others may get theirs here, too.
            return json.loads(record.value())
    raise TimeoutError(f"no answer within {timeout} s: it may be carried out yet")


def show(answer):
    print(json.dumps(answer))


# The type may stand in the value.
show(ask("c1", {"type": "AddItem", "sku": "apple", "quantity": 2, "price_cents": 30, "customer_id": "alice"}))

# Or in a header. With ce_source and ce_id, a command that is sent again is answered as before, and not carried out twice.
check_out = {"ce_type": "CheckOut", "ce_source": "web", "ce_id": str(uuid.uuid4())}
show(ask("c1", {}, check_out))
show(ask("c1", {}, check_out))

# A considered no.
show(ask("c1", {"type": "AddItem", "sku": "pear", "quantity": 1, "price_cents": 50, "customer_id": "alice"}))

answers.close()
