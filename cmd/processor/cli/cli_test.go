package cli

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/contexts"
	"github.com/partita-io/partita/internal/embedded"
	"github.com/partita-io/partita/kafka/topics"
	"github.com/partita-io/partita/service"
)

const shop = "../../../examples/shop"

// typed runs a command line in this process.
func typed(t *testing.T, args ...string) (code int, out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	a := &app{in: strings.NewReader(""), out: &o, err: &e}
	return a.run(t.Context(), args), o.String(), e.String()
}

func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"version"}, exitDone, "partita"},
		{[]string{"--version"}, exitDone, "partita"},
		{[]string{"check", shop}, exitDone, "no problems"},
		{[]string{"check", "nowhere"}, exitNo, "1 problem"},
		{[]string{"test", "nowhere"}, exitCouldNot, "1 problem"},
		{[]string{"healthcheck", "--http", "127.0.0.1:1"}, exitNo, "not ready"},
		{[]string{"frobnicate"}, exitUsage, `unknown command "frobnicate"`},
		{[]string{"sned"}, exitUsage, `unknown command "sned" for "processor" (did you mean send?)`},
		{[]string{"hep"}, exitUsage, `unknown command "hep" for "processor" (did you mean help?)`},
		{[]string{"--tls", "frobnicate"}, exitUsage, "unknown"},
		{[]string{"send", shop}, exitUsage, "want DIR ENTITY ID COMMAND"},
		{[]string{"send", shop, "hat", "h1", "Wear"}, exitUsage, "there is no entity named hat"},
		{[]string{"send", shop, "cart", "c1", "AddItm"}, exitUsage, "did you mean AddItem?"},
		{[]string{"send", shop, "cart", "c1", "AddItem", "quantity=two"}, exitUsage, "quantity"},
		{[]string{"send", shop, "cart", "c1", "CheckOut", "--timeout", "0s"}, exitUsage, "more than nothing"},
		{[]string{"send", shop, "cart", "c1", "CheckOut", "--expect-sequence", "-1"}, exitUsage, "0 (no events yet) or more"},
		{[]string{"send", shop, "cart", "-", "--id", "x", "--brokers", "127.0.0.1:1"}, exitUsage, "command_id"},
		{[]string{"run", shop}, exitUsage, "no brokers"},
		{[]string{"run", shop, "--log-level", "loud"}, exitUsage, "expected debug, info, warn or error"},
		{[]string{"run", shop, "--brokers", "127.0.0.1:1", "--lanes", "0"}, exitUsage, "at least 1"},
		{[]string{"run", shop, "--brokers", "127.0.0.1:1", "--sasl-user", "u"}, exitUsage, "--sasl-mechanism"},
		{[]string{"run", shop, "--brokers", "127.0.0.1:1", "--sasl-mechanism", "plain"}, exitUsage, "--sasl-password-file"},
		{[]string{"run", shop, "--brokers", "127.0.0.1:1", "--tls-ca", "nowhere"}, exitCouldNot, "nowhere"},
		{[]string{"topics", shop, "--start", "cart"}, exitUsage, "want COMPONENT=TOPIC"},
		{[]string{"topics", shop, "--frob"}, exitUsage, "unknown flag: --frob"},
		{[]string{"watch", shop, "carts"}, exitUsage, "did you mean cart?"},
		{[]string{"inspect", shop, "cart", "c1", "c2"}, exitUsage, "accepts 3 arg(s)"},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			code, out, errOut := typed(t, c.args...)
			require.Equal(t, c.code, code, out+errOut)
			require.Contains(t, out+errOut, c.says)
			if code == exitUsage {
				require.Empty(t, out)
			}
		})
	}
}

func TestAFlagWinsOverTheEnvironmentAndThatOverTheDefault(t *testing.T) {
	t.Setenv("PARTITA_HTTP", "127.0.0.1:1")
	_, _, errOut := typed(t, "healthcheck")
	require.Contains(t, errOut, "127.0.0.1:1")
	_, _, errOut = typed(t, "healthcheck", "--http", "127.0.0.1:2")
	require.Contains(t, errOut, "127.0.0.1:2")
	t.Setenv("PARTITA_LANES", "many")
	code, _, errOut := typed(t, "run", shop)
	require.Equal(t, exitUsage, code)
	require.Contains(t, errOut, "environment variable PARTITA_LANES")
}

func TestStartsAreParsed(t *testing.T) {
	starts, err := parseStarts([]string{"cart=shop.cart.commands:earliest", "totals=a.b:latest", "totals=a.b/3:17"})
	require.NoError(t, err)
	require.Equal(t, []start{
		{component: "cart", topic: "shop.cart.commands", partition: -1, place: earliest},
		{component: "totals", topic: "a.b", partition: -1, place: latest},
		{component: "totals", topic: "a.b", partition: 3, place: "17", offset: 17},
	}, starts)
	for _, wrong := range []string{"", "cart", "cart=", "cart=topic", "=t:earliest", "cart=:latest", "cart=t:soon", "cart=t:-1", "cart=t/x:1", "cart=t/-1:1"} {
		_, err := parseStarts([]string{wrong})
		require.Error(t, err, wrong)
	}
}

func TestTheStateOfATopicIsTheWorstThatWasSeen(t *testing.T) {
	c := topics.Context{Name: "shop", Partitions: 2}
	specs := []topics.Spec{c.Commands("cart"), c.Events("cart"), c.Changelog("cart"), topics.External("other", "x")}
	states := topicStates(specs, []topics.Difference{
		{Spec: specs[0], Severity: topics.Advice, Problem: "is odd"},
		{Spec: specs[0], Severity: topics.Safe, Problem: "differs"},
		{Spec: specs[1], Severity: topics.Safe, Problem: "is missing", Create: true},
		{Spec: specs[3], Severity: topics.Refuse, Problem: "is missing"},
	})
	var shown []string
	for _, s := range states {
		shown = append(shown, s.State)
	}
	require.Equal(t, []string{"differs", "missing", "ok", "missing"}, shown)
	require.Len(t, states[0].Problems, 2)
}

func cart(t *testing.T) *contexts.Entity {
	t.Helper()
	f, err := openFolder(shop, contexts.Options{})
	require.NoError(t, err)
	e, err := f.FindEntity("cart")
	require.NoError(t, err)
	return e
}

func TestALineOfInputIsACommand(t *testing.T) {
	c, err := parseLine([]byte(`{"id":"c1","type":"AddItem","sku":"apple","quantity":2,"price_cents":9007199254740993,"command_id":"i"}`), cart(t))
	require.NoError(t, err)
	require.Equal(t, "c1", c.ID)
	require.Equal(t, "AddItem", c.Type)
	require.Equal(t, "i", c.CommandID)
	require.Contains(t, string(c.Fields), `"price_cents":9007199254740993`)
	require.NotContains(t, string(c.Fields), "AddItem")
	for _, wrong := range []string{`[]`, `{`, `{"id":"c1"}`, `{"type":"AddItem"}`, `{"id":7,"type":"AddItem"}`, `{"id":"c1","type":"Nonsense"}`, `null`, `7`} {
		_, err := parseLine([]byte(wrong), cart(t))
		require.Error(t, err, wrong)
	}
}

func FuzzALineOfInput(f *testing.F) {
	f.Add([]byte(`{"id":"c1","type":"AddItem","sku":"apple"}`))
	e := &contexts.Entity{Name: "cart"}
	f.Fuzz(func(_ *testing.T, line []byte) { _, _ = parseLine(line, e) })
}

func TestSuggestionsComeFromTheTestsOfTheFolder(t *testing.T) {
	f, err := openFolder(shop, contexts.Options{})
	require.NoError(t, err)
	require.Equal(t, []string{
		"send     processor send " + shop + " cart c1 AddItem sku=apple quantity=2 price_cents=30 customer_id=alice",
		"watch    processor watch " + shop + " customer-totals",
	}, f.suggestions())
}

func TestTheBannerOfDevTellsWhetherDataWasKept(t *testing.T) {
	f, err := openFolder(shop, contexts.Options{})
	require.NoError(t, err)
	dir := t.TempDir()
	for _, c := range []struct{ left, says string }{
		{"", "  state " + dir + "  (ctrl-c stops"},
		{"broker/log/x", "  state " + dir + " (kept)  (ctrl-c stops"},
	} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, c.left), 0o755))
		o := &devOptions{stateDir: dir}
		o.kept = holdsData(o.brokerDir())
		var out bytes.Buffer
		a := &app{out: &out}
		require.NoError(t, a.banner(f, o, "127.0.0.1:9092", "127.0.0.1:9464"))
		require.Contains(t, out.String(), c.says)
	}
}

func TestASecondDevNamesTheFirst(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	dir := t.TempDir()
	used := errors.New("used")
	require.Equal(t, used, namingTheOther(dir, used))
	withdraw, err := embedded.Announce(t.Context(), embedded.Running{Folder: dir})
	require.NoError(t, err)
	require.EqualError(t, namingTheOther(dir, used), fmt.Sprintf("used (`processor dev` of this folder runs as process %d)", os.Getpid()))
	require.NoError(t, withdraw())
}

func TestDevOffersToBeginAnewWhereTopicsOrSchemasDoNotFit(t *testing.T) {
	for _, err := range []error{&service.TopicsError{Context: "shop"}, &service.SchemasError{Context: "shop", Err: errors.New("x")}} {
		require.ErrorContains(t, orBeginAnew(".partita/shop", err), "\nor delete .partita/shop")
	}
	other := errors.New("other")
	require.Equal(t, other, orBeginAnew(".partita/shop", other))
}

func TestMendsNameTheBrokersThatWereTyped(t *testing.T) {
	t.Setenv("PARTITA_BROKERS", "a:1,b:2")
	mend := func(brokers ...string) string {
		a := &app{err: new(bytes.Buffer)}
		f, err := a.loadFor(shop, &connection{brokers: brokers})
		require.NoError(t, err)
		c := f.service(t.Context())
		return topics.Diff(c.Topics, c.Specs, nil)[0].Mend
	}
	require.Equal(t, "run `processor topics "+shop+" --brokers c:3 --apply`", mend("c:3"))
	require.Equal(t, "run `processor topics "+shop+" --apply`", mend("a:1", "b:2"), "the environment says so next time too")
	require.Equal(t, "run `processor topics "+shop+" --apply`", mend())
}

func TestDurationsInLogLinesAreReadable(t *testing.T) {
	var out bytes.Buffer
	new(logging).logger(&out).Warn("m", slog.Duration("took", 404747916*time.Nanosecond), slog.Group("g", slog.Duration("retry", 1500*time.Millisecond)))
	require.Contains(t, out.String(), `"took":"405ms","g":{"retry":"1.5s"}`)
}

func TestAFolderWithoutTestsSuggestsTheFieldsOfACommand(t *testing.T) {
	f, err := openFolder(shop, contexts.Options{})
	require.NoError(t, err)
	f.dir = t.TempDir()
	require.Equal(t, "cart ID AddItem sku=… quantity=… price_cents=… customer_id=…", f.exampleCommand())
}

func TestAnExampleIsWordsForAShell(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.yaml")
	require.NoError(t, os.WriteFile(file, []byte(`- {projection: x}
- {entity: cart/c1, given: [Packed: {}], when: {Unpack: {}}}
- {entity: cart/c1, when: {Unpack: {}}, then: {rejected: empty}}
- entity: cart/it's
  when: {Pack: {note: two words, lines: {apple: 2}, none: null}}`), 0o600))
	example, ok := exampleIn(file, "cart")
	require.True(t, ok)
	require.Equal(t, `cart 'it'\''s' Pack 'note=two words' 'lines={"apple":2}' none=null`, example)
}

func TestNamesOfTheFolderAreCompleted(t *testing.T) {
	for _, c := range []struct{ line, offers string }{
		{"send " + shop + " ", "cart"},
		{"send " + shop + " cart c1 ", "CheckOut"},
		{"send " + shop + " cart c1 AddItem ", "sku="},
		{"inspect " + shop + " ", "stock"},
		{"watch " + shop + " ", "customer-totals"},
		{"watch " + shop + " ", "dead-letters"},
	} {
		_, out, _ := typed(t, append([]string{cobra.ShellCompRequestCmd}, strings.Split(c.line, " ")...)...)
		require.Contains(t, strings.Split(out, "\n"), c.offers, c.line)
	}
	_, out, _ := typed(t, cobra.ShellCompRequestCmd, "send", "nowhere", "")
	require.Equal(t, ":4\n", out)
}
