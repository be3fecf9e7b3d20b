#!/usr/bin/env bash
# A year of flights through two processes on a real Kafka, one of them killed with -9 and started again five times under way; then every total
# of the projections and every aircraft must equal what totals.py computes from the CSV, and events must be without gap and double.
#
#   e2e/flights.sh BROKERS FLIGHTS.csv.gz          KILLS=5 (default) processes are killed
set -euo pipefail
cd "$(dirname "$0")/.."
brokers=${1:?usage: e2e/flights.sh BROKERS FLIGHTS.csv.gz}
flights=$(realpath "${2:?usage: e2e/flights.sh BROKERS FLIGHTS.csv.gz}")
kills=${KILLS:-5}
work=$(mktemp -d)
finish() {
  status=$?
  kill $(jobs -p) 2>/dev/null || true
  wait 2>/dev/null || true
  [[ $status == 0 ]] && rm -rf "$work" || echo "logs are in $work"
}
trap finish EXIT
export PARTITA_BROKERS=$brokers

go build -o "$work/processor" ./cmd/processor
go build -o "$work/checkevents" ./e2e/checkevents
processor=$work/processor
$processor topics examples/fleet --apply

start() { # start NAME PORT
  $processor run examples/fleet --state-dir "$work/$1" --http "localhost:$2" >>"$work/$1.log" 2>&1 &
  echo $! >"$work/$1.pid"
}
start one 19464
start two 19465

load() { # load ENTITY
  zcat "$flights" | awk -v entity="$1" -f examples/fleet/commands.awk | $processor send examples/fleet "$1" - --timeout 60s
}
began=$SECONDS
load aircraft >"$work/aircraft.out" 2>&1 & loader=$!
load flight >"$work/flight.out" 2>&1 & loader2=$!
for ((i = 1; i <= kills; i++)); do
  sleep 4
  kill -KILL "$(<"$work/two.pid")" 2>/dev/null || true
  wait "$(<"$work/two.pid")" 2>/dev/null || true
  echo "kill $i after $((SECONDS - began)) s"
  sleep 1
  start two 19465
done
# Rejections of flights without departure are expected, so the answer of `send` may be "no" (1).
wait $loader || [[ $? == 1 ]] || { cat "$work/aircraft.out"; exit 3; }
wait $loader2 || [[ $? == 1 ]] || { cat "$work/flight.out"; exit 3; }
echo "loaded in $((SECONDS - began)) s"
tail -n 3 "$work/aircraft.out" "$work/flight.out"

# The projections follow; they are level when their rows do not change any more.
until $processor watch examples/fleet routes --until-end --json >"$work/routes.json" &&
  python3 examples/fleet/totals.py compare routes "$flights" <"$work/routes.json" >"$work/routes.cmp"; do
  ((SECONDS - began < ${WITHIN:-600})) || { echo "routes never came out right"; exit 1; }
  sleep 2
done
cat "$work/routes.cmp"
$processor watch examples/fleet carriers --until-end --json | python3 examples/fleet/totals.py compare carriers "$flights"
$processor watch examples/fleet workshop --until-end --json | python3 examples/fleet/totals.py compare workshop "$flights"
zcat "$flights" | awk -F, 'NR > 1 && $4 != "NA" && $4 != "" && $12 != "NA" && $12 != "" { print $12 }' | sort -u |
  xargs -P 3 -I{} "$processor" inspect examples/fleet aircraft {} --json 2>>"$work/inspect.log" |
  python3 examples/fleet/totals.py compare aircraft "$flights"
"$work/checkevents" -brokers "$brokers" fleet.aircraft.events fleet.flight.events

for p in one two; do
  pid=$(<"$work/$p.pid")
  kill -TERM "$pid"
  wait "$pid"
done
echo "the year is right; both processes ended with 0"
