package contexts_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/contexts"
	"github.com/partita-io/partita/kafka/topics"
)

// withStream is the shop whose stream is declared so, and has one file of tests.
func withStream(t *testing.T, from, to, tests string) string {
	t.Helper()
	dir := shop(t)
	change(t, filepath.Join(dir, "context.yaml"), from, to)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "tests", "projections.yaml"), []byte(tests), 0o600))
	return dir
}

const messages = "    messages: [BigOrder]\n"

func TestAStreamHasATopicOfItsOwnOrWritesToOneOfOthers(t *testing.T) {
	spec := func(c *contexts.Context, name string) topics.Spec {
		t.Helper()
		for _, s := range c.Topics() {
			if s.Name == name {
				return s
			}
		}
		require.Fail(t, "no topic "+name)
		return topics.Spec{}
	}
	c := load(t, "../examples/shop")
	own := spec(c, "shop.big-orders")
	require.EqualValues(t, 12, own.Partitions)
	require.Equal(t, map[string]string{"cleanup.policy": "delete", "retention.ms": "604800000"}, own.Config)
	found, err := c.Find("big-orders")
	require.NoError(t, err)
	require.Equal(t, contexts.Topic{Component: "big-orders", Name: "shop.big-orders"}, found)

	c = load(t, withStream(t, messages, messages+"    to: audit.orders\n", "[]"))
	require.Equal(t, topics.External("audit.orders", "written by big-orders"), spec(c, "audit.orders"))
	found, err = c.Find("big-orders")
	require.NoError(t, err)
	require.Equal(t, "audit.orders", found.Name)
	for _, component := range c.Components(t.Context()) {
		if component.Name == "big-orders" {
			require.Equal(t, []string{"audit.orders"}, component.Targets)
			require.Empty(t, component.Changelog)
		}
	}
}

func TestMessagesThatDifferAreShown(t *testing.T) {
	dir := withStream(t, messages, messages, `- name: another key and amount
  projection: big-orders
  given: [{cart/c1: {CheckedOut: {customer_id: alice, total_cents: 10000}}}]
  then: {messages: [{key: bob, BigOrder: {total_cents: 10001}}]}
- name: more than there are
  projection: big-orders
  given: [{cart/c1: {CheckedOut: {customer_id: alice, total_cents: 10000}}}]
  then: {messages: [{BigOrder: {}}, {BigOrder: {}}]}
- name: none of a small one
  projection: big-orders
  given: [{cart/c1: {CheckedOut: {customer_id: alice, total_cents: 1}}}]
  then: {messages: []}
- name: no key
  projection: big-orders
  given: [{cart/c1: {CheckedOut: {customer_id: "", total_cents: 10000}}}]
  then: {messages: []}
`)
	results, problems := contexts.RunTests(t.Context(), load(t, dir), "projections.yaml")
	require.NoError(t, problems.Err())
	var said strings.Builder
	for _, r := range results {
		for _, d := range r.Differences {
			said.WriteString(r.Name + ": " + d.String() + "\n")
		}
	}
	require.Equal(t, `another key and amount: messages[0].key: want bob, got alice
another key and amount: messages[0].BigOrder.total_cents: want 10001, got 10000
more than there are: messages: want [BigOrder, BigOrder], got [BigOrder]
no key: answer: want accepted, got failed no-key: the key of BigOrder is empty
`, said.String())
}
