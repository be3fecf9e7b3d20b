#!/usr/bin/env bash
# The compose file, tried for real: everything gets healthy, a command sent from this machine is answered, its row is seen, and Prometheus
# answers every query of the dashboard. Needs Docker with Compose v2 and Go; uses the ports of compose.yaml.
#
#   ./test.sh               builds, starts, tries, and takes everything down again, volumes too
#   KEEP=1 ./test.sh        leaves it running
#   UP_FLAGS="--pull never" ./test.sh      more flags for `docker compose up`
set -euo pipefail
cd "$(dirname "$0")"
repository=$(cd ../.. && pwd)
shop=$repository/examples/shop
export COMPOSE_PROJECT_NAME=partita-test PARTITA_BROKERS=localhost:9092
work=$(mktemp -d)

say() { printf '%4ds  %s\n' "$SECONDS" "$*"; }
die() { say "$*" >&2; docker compose ps -a >&2; docker compose logs --tail 30 >&2; cat "$work"/*.log >&2; exit 1; }
finish() {
  local status=$?
  [[ -n ${KEEP:-} ]] || docker compose down --volumes --timeout 10 >/dev/null 2>&1 || true
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT

# await SECONDS WHAT COMMAND...: until the command succeeds.
await() {
  local until=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < until)) || die "$what: not within its time"
    sleep 1
  done
  say "$what"
}

healthy() { [[ $(docker inspect --format '{{.State.Health.Status}}' "$(docker compose ps --quiet "$1")") == healthy ]]; }

# has_row KEY TEXT: the projection has a row of that key with that text in it.
has_row() { "$work/processor" watch "$shop" customer-totals --until-end --json | grep -F "\"key\":\"$1\"" | grep -qF "$2"; }

(cd "$repository" && CGO_ENABLED=0 go build -trimpath -o "$work/processor" ./cmd/processor)
say "processor is built"
# shellcheck disable=SC2086 # UP_FLAGS are several words.
docker compose up --detach --build ${UP_FLAGS:-} >"$work/up.log" 2>&1 || die "docker compose up failed"
for service in kafka processor-1 processor-2 prometheus grafana; do
  await 180 "$service is healthy" healthy "$service"
done

customer=customer-$RANDOM$RANDOM
for n in 1 2 3 4 5 6 7 8; do
  cart=cart-$customer-$n
  "$work/processor" send "$shop" cart "$cart" AddItem sku=apple quantity=2 price_cents=30 customer_id="$customer" |
    grep -q '^accepted' || die "AddItem for $cart was not accepted"
  "$work/processor" send "$shop" cart "$cart" CheckOut | grep -q '^accepted' || die "CheckOut of $cart was not accepted"
done
say "16 commands are accepted"
await 30 "the row has all 8 orders" has_row "$customer" '"total_cents":480'

queries_answered() { (cd "$repository" && COMPOSE_PROMETHEUS=http://localhost:9090 go test -count 1 -run DashboardQueriesAreAnswered ./deploy/compose >"$work/queries.log"); }
await 90 "Prometheus answers every query of the dashboard" queries_answered

docker compose kill --signal KILL processor-1 >/dev/null 2>&1
"$work/processor" send "$shop" cart "cart-$customer-9" AddItem sku=pear quantity=1 price_cents=10 customer_id="$customer" --timeout 60s |
  grep -q '^accepted' || die "processor-2 did not take over"
say "processor-2 answers after processor-1 was killed"
