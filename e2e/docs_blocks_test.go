package e2e_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// like is why a fragment is held by no test of its own.
const like = "a fragment: scripts/messages.txtar runs the like of it"

// Blocks that no script types, writes or compares, by page and first line: the test that holds them to the code, or why there is none.
var heldOtherwise = map[string]string{
	"ARCHITECTURE.md: poll ─► split by task ─► decide (overlay over store) ─► produce + progress ─► flush ─► group fence ─► end ─► apply to store ─► release": "a drawing",
	"deploy/compose/README.md: docker compose up":                                                                                    "needs Docker: deploy/compose/test.sh",
	"deploy/compose/README.md: docker compose kill -s KILL processor-1":                                                              "needs Docker: deploy/compose/test.sh",
	"docs/command-line.md: processor dev DIR                                      a context on a broker of its own, in this process": "TestCommandsOnThePageAreThoseOfTheProgram",
	"docs/formats/control.md: {\"version\":1,\"number\":4,\"by\":\"ann@office\",\"why\":\"to look at it\",\"at\":\"2026-11-25T08:00:00Z\",\"paused\":true,\"skip\":[\"shop.cart.events/3/17\"],\"live\":2,\"building\":3,\"last\":3}": "TestTheControlRecordOnThePageIsOne",
	"docs/formats/control.md: {\"version\":1,\"hashes\":[\"9f86d081884c7d65\",\"2c26b46b68ffc68f\"]}":                                                                                                                                 "TestTheRecordOfABehaviourOnThePageIsOne",
	"docs/formats/control.md: {\"version\":1,\"number\":1795593600000,\"by\":\"ann@office\",\"why\":\"quantities were ignored\",\"at\":\"2026-11-25T08:00:00Z\"}":                                                                     "TestTheControlRecordOfAnEntityTypeOnThePageIsOne",
	"examples/fleet/README.md: def departed(row, event, least_delay = None):":                                                                                                                                                         "scripts/january.txtar makes the change",
	"docs/context-folder.md: shop/": "TestTheExampleIsLaidOutAsThePageShows",
	"docs/formats/records.md: {\"version\": \"9f86d081884c7d65\", \"components\": [\"cart\", \"customer-totals\"]}":                                                                             "TestTheOfferOnThePageIsOne",
	"docs/formats/store.md: 01                                       format":                                                                                                                    "TestTheStoredEntityOnThePageIsOne",
	"docs/topics-and-records.md: {\"status\":\"accepted\",\"sequence\":3,\"events\":1,\"reply\":{\"left\":0}}":                                                                                  "TestAnswersOnThePageAreAnswers",
	"docs/formats/records.md: {\"operation\":\"release\",\"by\":\"ann@office\",\"why\":\"cart.star is mended\",\"at\":\"2026-11-24T12:00:00Z\",\"entity\":\"cart\",\"id\":\"c2\",\"number\":1}": "TestOperationsOnThePagesAreSome",
	"docs/formats/store.md: 01                                       format of a waiting command":                                                                                               "TestTheWaitingCommandOnThePageIsOne",
	"docs/formats/crdt.md: 01                         format":                                                                                                                                   "TestTheContributionOnThePageIsOne",
	"docs/getting-started.md: - name: a borrowed book is not borrowed again":                                                                                                                    "TestGettingStarted",
	"docs/getting-started.md: $ processor check library":                                                                                                                                        "TestGettingStarted",
	"docs/getting-started.md: $ processor send library book moby-dick Borrow reader=ann":                                                                                                        "TestGettingStarted",
	"docs/topics-and-records.md: {\"status\":\"accepted\",\"sequence\":2,\"events\":0,\"reply\":{\"decided\":2,\"waiting\":0}}":                                                                 "TestOperationsOnThePagesAreSome",
	"docs/messages.md: def decide_check_out(cart, cmd, ctx):":                                                                                                                                   like,
	"docs/messages.md: def decide_transfer(account, cmd, ctx):":                                                                                                                                 like,
	"docs/messages.md: publications:": like,
	"docs/messages.md:         publish(\"orders\", ctx.entity_id, \"OrderPlaced\", total_cents = cart.total_cents),": like,
	"docs/messages.md: subscriptions:":                                                                           like,
	"docs/messages.md: def on_payment_received(message, ctx):":                                                   like,
	"docs/messages.md: - name: a transfer is asked of the other account":                                         like,
	"docs/context-folder.md: publications:":                                                                      like,
	"docs/starlark.md: def decide_open(task, cmd, ctx):":                                                         "TestTheFolderOfTheStarlarkPageWorks",
	"docs/starlark.md: def on_closed(row, event, ctx):":                                                          "TestTheFolderOfTheStarlarkPageWorks",
	"docs/starlark.md: [":                                                                                        "TestTheFolderOfTheStarlarkPageWorks",
	"docs/starlark.md: - name: a note is answered with its number":                                               "TestTheFolderOfTheStarlarkPageWorks",
	"docs/go-api.md: type Account struct {":                                                                      "TestSnippetsOfThePageAreRealCode",
	"docs/go-api.md: // WeighedV1 is Weighed as it was written before.":                                          "TestSnippetsOfThePageAreRealCode",
	"docs/go-api.md: func TestATransferNeverOverdraws(t *testing.T) {":                                           "TestSnippetsOfThePageAreRealCode",
	"docs/go-api.md: var large = typed.NewStream(\"large\", typed.From(account), typed.Writes[LargeTransfer](),": "TestSnippetsOfThePageAreRealCode",
	"docs/go-api.md: err := partita.Run(ctx,":                                                                    "TestSnippetsOfThePageAreRealCode",
	"docs/go-api.md: func (a Account) transfer(c Transfer, ctx typed.Context) typed.Effects {":                   "TestSnippetsOfThePageAreRealCode",
	"docs/go-api.md: var prices = typed.NewTable[Price](\"prices\", \"shop-prices\")":                            "TestSnippetsOfThePageAreRealCode",
	"docs/go-api.md: func TestAnOrderCostsWhatTheTableSays(t *testing.T) {":                                      "TestSnippetsOfThePageAreRealCode",
	"docs/go-api.md: var (":                                                                                      "TestSnippetsOfThePageAreRealCode",
	"docs/go-api.md: func TestAVisitorIsCounted(t *testing.T) {":                                                 "TestSnippetsOfThePageAreRealCode",
	"docs/go-api.md: var receipts = typed.NewPublication(\"receipts\", typed.Message[Receipt]())":                "TestSnippetsOfThePageAreRealCode",
}

// TestEveryBlockOfThePagesIsHeldToTheProgram asks of each block that it is typed, written to a folder or compared by a test, or listed above.
func TestEveryBlockOfThePagesIsHeldToTheProgram(t *testing.T) {
	scripted, tests := scriptedBlocks(t), testSources(t)
	listed, used := make(map[string]bool), make(map[string]bool)
	blocks := blocksByPage(t)
	for _, page := range pages(t) {
		for _, b := range blocks[page] {
			by := ""
			for beginning := range scripted {
				if strings.HasPrefix(b.page+" "+b.text, beginning) {
					by, used[beginning] = "a script", true
				}
			}
			if reason, ok := heldOtherwise[b.String()]; ok {
				require.Falsef(t, listed[b.String()], "two blocks begin alike: %s", b)
				by, listed[b.String()] = reason, true
			}
			if by == "" && isTyped(b) {
				by = "TestCommandsOfThePagesDoWhatThePagesSay"
			}
			if by == "" && isClientProgram(b) {
				by = "TestPagesOfClientsShowTheirPrograms"
			}
			require.NotEmptyf(t, by, "nothing holds this block to the program; write a script under docs/, or say why not in heldOtherwise:\n%s", b)
			if strings.HasPrefix(by, "Test") {
				require.Containsf(t, tests, "func "+by+"(", "holds %s", b)
			}
		}
	}
	for name := range heldOtherwise {
		require.Truef(t, listed[name], "no page has this block any more: %s", name)
	}
	for beginning := range scripted {
		require.Truef(t, used[beginning], "a script is about a block that no page has any more: %s", beginning)
	}
}

// isTyped tells whether TestCommandsOfThePagesDoWhatThePagesSay types the block, but for commands that it says why not.
func isTyped(b block) bool {
	return b.language == "" && strings.HasPrefix(b.text, "$ ") && typedElsewhere[b.page] == ""
}

// aboutABlock is a line of a script that names a page and how a block of it begins.
var aboutABlock = regexp.MustCompile(`(?m)^(?:\[.*?\] )?(?:shown|types|write|redefine|once|follows) (\S+) (?:'((?:[^']|'')+)'|(\S+))`)

// scriptedBlocks are pages and beginnings that the scripts under docs/ and clients/ name.
func scriptedBlocks(t *testing.T) map[string]bool {
	t.Helper()
	scripts, err := filepath.Glob("docs/*.txtar")
	require.NoError(t, err)
	ofClients, err := filepath.Glob("clients/*.txtar")
	require.NoError(t, err)
	named := make(map[string]bool)
	for _, script := range append(scripts, ofClients...) {
		text, err := os.ReadFile(script)
		require.NoError(t, err)
		require.Truef(t, strings.HasPrefix(string(text), "# "), "%s begins without a comment", script)
		for _, m := range aboutABlock.FindAllStringSubmatch(string(text), -1) {
			named[m[1]+" "+strings.ReplaceAll(m[2], "''", "'")+m[3]] = true
		}
	}
	require.NotEmpty(t, named)
	return named
}

// testSources is the text of all tests of the project.
func testSources(t *testing.T) string {
	t.Helper()
	var sources strings.Builder
	require.NoError(t, filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			b, err := os.ReadFile(path)
			sources.Write(b)
			return err
		}
		return err
	}))
	return sources.String()
}
