# make check is what CI runs and what a commit must pass. The other targets are deeper and slower; docs/results/ keeps their last figures.

GOLANGCI_VERSION := v2.15.0
TAGS             := synctests,invariants
export PATH      := $(shell go env GOPATH)/bin:$(PATH)

.PHONY: build check format lint test tidy tools e2e clients fuzz bench soak mutants nemesis flights compose-test

build: ## the binary, into bin/
	CGO_ENABLED=0 go build -trimpath -o bin/processor ./cmd/processor

check: tidy lint test ## everything that must hold for a commit

tools: ## the tools that check needs
	@golangci-lint version 2>/dev/null | grep -q "$(GOLANGCI_VERSION:v%=%)" || \
		go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)

format: ## rewrites files as lint wants them
	golangci-lint fmt

lint: ## formatting and lint
	golangci-lint fmt --diff
	golangci-lint run

test: ## all tests, on the embedded broker
	go test -race -timeout 20m -tags $(TAGS) ./...
	go test -timeout 15m -tags $(TAGS) ./internal/simulation ./partitions

tidy: ## go.mod and go.sum say what is used
	go mod tidy -diff

e2e: ## the same scripts, Kafka facts and clients on a real Apache Kafka: make e2e BROKERS=localhost:9092 [CLIENTS=0]
	@test -n "$(BROKERS)" || { echo "make e2e needs brokers: make e2e BROKERS=localhost:9092"; exit 2; }
	PARTITA_TEST_BROKERS=$(BROKERS) PARTITA_TEST_CLIENTS=$(or $(CLIENTS),1) go test -count 1 -timeout 40m -tags $(TAGS) ./e2e/... ./kafka/... ./partitions/...

clients: ## the programs of docs/clients/, with packages of their languages: make clients [BROKERS=localhost:9092]
	PARTITA_TEST_BROKERS=$(BROKERS) PARTITA_TEST_CLIENTS=1 go test -count 1 -timeout 20m -v -tags $(TAGS) -run 'TestForeignClients' ./e2e

soak: ## the simulation on many seeds: make soak SEEDS=10000, or on one that failed: make soak SEED=239 TIMES=200
	PARTITA_SEED=$(or $(SEED),1) PARTITA_SEEDS=$(or $(SEEDS),$(if $(SEED),1,10000)) PARTITA_TIMES=$(or $(TIMES),1) PARTITA_FAILURES=$(or $(FAILURES),5) \
		go -C internal/simulation test -count 1 -timeout 24h -tags $(TAGS) -run TestWhateverHappensTheModelHolds

mutants: ## breaks the engine in one place after the other: the tests must notice. make mutants SEEDS=300
	go run ./e2e/mutants -seeds $(or $(SEEDS),300)

nemesis: ## breaks processes, links and a real Kafka of its own, and judges: make nemesis BROKERS=3 MINUTES=60 KAFKA_VERSION=4.4.0 [TRANSACTION_VERSION=1] [SEED=7] [OUT=dir]
	go run ./e2e/nemesis -brokers $(or $(BROKERS),3) -minutes $(or $(MINUTES),60) -kafka $(or $(KAFKA_VERSION),4.4.0) \
		-transaction-version $(or $(TRANSACTION_VERSION),-1) -seed $(or $(SEED),0) -out "$(OUT)"

flights: ## a year of flights with processes killed under way: make flights BROKERS=... FLIGHTS=flights-2013.csv.gz
	@test -n "$(BROKERS)" -a -n "$(FLIGHTS)" || { echo "make flights BROKERS=localhost:9092 FLIGHTS=flights-2013.csv.gz (examples/fleet/README.md says where it comes from)"; exit 2; }
	./e2e/flights.sh "$(BROKERS)" "$(FLIGHTS)"

fuzz: ## every fuzz target for FUZZTIME each
	./.ci/fuzz $(or $(FUZZTIME),10m)

bench: ## the table of docs/results/: make bench BROKERS=localhost:9092
	go run ./bench -brokers "$(BROKERS)"

compose-test: ## the compose file, for real; needs Docker
	./deploy/compose/test.sh
