#!/bin/sh
# Sends a command and prints its answer:
#
#   ask.sh CART JSON [HEADER=VALUE ...]
set -eu
brokers=${BROKERS:-localhost:9092}
cart=$1 command=$2
shift 2

# The answer comes to partition 0 of the topic for answers, behind what is its end now.
end=$(kcat -Q -b "$brokers" -t shop.replies:0:-1 | sed 's/.* offset //')
correlation=$(od -An -N8 -tx1 /dev/urandom | tr -d ' ')

for header; do
    shift
    set -- "$@" -H "$header"
done
printf %s "$command" | kcat -P -b "$brokers" -X partitioner=murmur2_random -t shop.cart.commands -k "$cart" "$@" \
    -H kafka_replyTopic=shop.replies -H kafka_replyPartition=0 -H "kafka_correlationId=$correlation"

for _ in 1 2 3 4 5 6 7 8 9 10; do
    kcat -C -q -e -b "$brokers" -t shop.replies -p 0 -o "$end" -f '%h %s\n' | sed -n "/kafka_correlationId=$correlation/s/^[^{]*//p" | grep . && exit
done
echo "no answer: it may be carried out yet" >&2
exit 1
