package e2e_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// secure starts brokers of the script's own that know three users: owner may do everything, keeper has the rights that docs/operations.md lists for
// running, and operator those that it lists for operators, and no other:
//
//	secure CONTEXT REPARTITIONED ... FOLLOWED ...
//
// REPARTITIONED are the projections with a repartition topic, FOLLOWED the followed and subscribed topics of others, which have a dot in their names.
func secure(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: secure CONTEXT REPARTITIONED ... FOLLOWED ...")
	}
	page, err := os.ReadFile("../docs/operations.md")
	ts.Check(err)
	running, rest, _ := strings.Cut(string(page), "\n### Rights of operators\n")
	operating, _, _ := strings.Cut(rest, "\n## ")
	var repartitioned, followed []string
	for _, name := range args[1:] {
		if strings.Contains(name, ".") {
			followed = append(followed, name)
		} else {
			repartitioned = append(repartitioned, name)
		}
	}
	rights, operators := documentedRights(running, args[0], repartitioned, followed), documentedRights(operating, args[0], nil, nil)
	if len(rights) < 8 || len(operators) < 4 {
		ts.Fatalf("the page has only the rights %v, and for operators %v", rights, operators)
	}
	c, err := kfake.NewCluster(kfake.DataDir(ts.MkAbs(".brokers")), kfake.EnableSASL(), kfake.EnableACLs(),
		kfake.Superuser("PLAIN", "owner", "secret"), kfake.User("PLAIN", "keeper", "secret", rights...),
		kfake.User("PLAIN", "operator", "secret", operators...))
	ts.Check(err)
	ts.Defer(c.Close)
	for name, value := range map[string]string{
		brokersEnv: strings.Join(c.ListenAddrs(), ","), "PARTITA_SASL_MECHANISM": "plain", "PARTITA_SASL_USER": "owner", "PARTITA_SASL_PASSWORD": "secret",
	} {
		ts.Setenv(name, value)
	}
}

var (
	rightsRow = regexp.MustCompile(`(?m)^\| ([A-Z]\w+(?:, [A-Z]\w+)*) \| (topics|group|transactional ids)? ?` + "`" + `([^` + "`" + `]+)` + "`" + `.*\| (.*) \|$`)
	resources = map[string]kmsg.ACLResourceType{
		"topics": kmsg.ACLResourceTypeTopic, "": kmsg.ACLResourceTypeTopic, "group": kmsg.ACLResourceTypeGroup,
		"transactional ids": kmsg.ACLResourceTypeTransactionalId,
	}
)

// documentedRights are those of the page's table, for a context.
func documentedRights(page, context string, repartitioned, followed []string) []kfake.ACL {
	var rights []kfake.ACL
	for _, row := range rightsRow.FindAllStringSubmatch(page, -1) {
		if strings.HasSuffix(row[4], " only") {
			continue // Not for running.
		}
		for right := range strings.SplitSeq(row[1], ", ") {
			operation, err := kmsg.ParseACLOperation(right)
			if err != nil {
				continue // Another table.
			}
			acl := kfake.ACL{Resource: resources[row[2]], Operation: operation, Allow: true, Pattern: kmsg.ACLResourcePatternTypeLiteral}
			if strings.Contains(row[0], " topics of others") {
				for _, topic := range followed {
					acl.Name = topic
					rights = append(rights, acl)
				}
			}
			name := strings.ReplaceAll(row[3], "<context>", context)
			if middle, ok := strings.CutSuffix(name, "*.repartition"); ok {
				for _, projection := range repartitioned {
					acl.Name = fmt.Sprintf("%s%s.repartition", middle, projection)
					rights = append(rights, acl)
				}
				continue
			}
			if prefix, ok := strings.CutSuffix(name, "*"); ok {
				name, acl.Pattern = prefix, kmsg.ACLResourcePatternTypePrefixed
			}
			acl.Name = name
			rights = append(rights, acl)
		}
	}
	return rights
}
