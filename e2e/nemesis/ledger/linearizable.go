package ledger

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// model tells porcupine what an entity may answer. An operation without an answer may have had its effect at any time, or never.
var model = porcupine.Model{
	Init: func() any { return state{} },
	Step: func(before, input, output any) (bool, any) {
		s := before.(state)                      //nolint:forcetypeassert // The model is asked about its own values.
		want, after := s.after(input.(*command)) //nolint:forcetypeassert // As above.
		got := output.(*answer)                  //nolint:forcetypeassert // As above.
		return got == nil || *got == want, after
	},
	Equal: func(a, b any) bool {
		return a.(state).equal(b.(state)) //nolint:forcetypeassert // As above.
	},
}

// checkLinearizable tells whether some order of an entity's operations, each between its asking and its answer, explains all answers
// (Herlihy and Wing 1990; Lowe 2017 has the algorithm).
func checkLinearizable(entity entityID, history []*operation, patience time.Duration) []Finding {
	operations := make([]porcupine.Operation, 0, len(history))
	for _, o := range history {
		op := porcupine.Operation{ClientId: o.Client, Input: &o.command, Output: o.Answer, Call: int64(o.Called), Return: int64(o.Returned)}
		if o.Answer == nil {
			op.Return = math.MaxInt64
		}
		operations = append(operations, op)
	}
	switch porcupine.CheckOperationsTimeout(model, operations, patience) {
	case porcupine.Ok:
		return nil
	case porcupine.Unknown:
		return []Finding{finding(NotLinearizable, "%s: undecided after %s, of %d operations", entity, patience, len(history))}
	case porcupine.Illegal:
	}
	_, info := porcupine.CheckOperationsVerbose(model, operations, patience) // Once more, with what it costs to explain.
	return []Finding{finding(NotLinearizable, "%s, of %d operations; those that no order explains begin with\n%s", entity, len(history),
		unexplained(history, info))}
}

// unexplained shows operations around the first one that the longest order found does not have.
func unexplained(history []*operation, info porcupine.LinearizationInfo) string {
	explained := map[int]bool{}
	for _, partial := range info.PartialLinearizations() {
		for _, order := range partial {
			if len(order) > len(explained) {
				clear(explained)
				for _, i := range order {
					explained[i] = true
				}
			}
		}
	}
	const shown = 12
	var text strings.Builder
	first := 0
	for first < len(history) && explained[first] {
		first++
	}
	for i := max(0, first-shown/2); i < min(len(history), first+shown/2); i++ {
		fmt.Fprintf(&text, "  explained=%t %s\n", explained[i], history[i])
	}
	return text.String()
}
