package topics

import (
	"fmt"
	"strconv"
	"strings"
)

// Diff compares what a context needs with what was found, by topic name, in the order of specs.
//
// It insists on what the promise hangs on: that topics exist, the number of partitions, the cleanup policy, that nothing of a compacted topic
// expires, and that writes are possible. How long commands, answers and dead letters are kept is their operator's choice.
func Diff(c Context, specs []Spec, found map[string]Found) []Difference {
	d := differ{context: c, found: found, made: madeWith(c, found)}
	if d.made != c.Partitions {
		d.writtenTo = anyRecords(specs, found)
	}
	for _, spec := range specs {
		d.compare(spec)
	}
	return d.out
}

type differ struct {
	context Context
	found   map[string]Found
	// made is the number of partitions that the context was created with.
	made int32
	// writtenTo says that made differs from what is asked for and it is too late to change it.
	writtenTo bool
	out       []Difference
}

// madeWith asks the progress topic, which is part of every context. Partitions may have been added to that one alone: then the others tell.
func madeWith(c Context, found map[string]Found) int32 {
	progress, ok := found[c.Progress().Name]
	if !ok || progress.Partitions == c.Partitions {
		return c.Partitions
	}
	for name, f := range found {
		if progress.Partitions > c.Partitions && f.Partitions == c.Partitions && strings.HasPrefix(name, c.Name+".") && !c.undivided(name) {
			return c.Partitions
		}
	}
	return progress.Partitions
}

func anyRecords(specs []Spec, found map[string]Found) bool {
	for _, spec := range specs {
		if !spec.External && found[spec.Name].HasRecords {
			return true
		}
	}
	return false
}

func (d *differ) compare(spec Spec) {
	f, ok := d.found[spec.Name]
	switch {
	case !ok && spec.External:
		// Contexts that follow each other could not be started otherwise.
		d.add(Difference{Spec: spec, Severity: Advice, Problem: "is missing", Mend: "create it, or start what writes to it; what reads it waits until then"})
	case !ok:
		d.add(Difference{Spec: spec, Severity: Safe, Problem: "is missing", Mend: d.apply(), Create: true})
	case !spec.External:
		d.comparePartitions(spec, f)
		d.compareCleanup(spec, f)
		d.compareReplication(spec, f)
	}
}

func (d *differ) comparePartitions(spec Spec, f Found) {
	want := spec.Partitions
	has := plural(int(f.Partitions), "partition")
	switch {
	case f.Partitions == want:
	case d.writtenTo && f.Partitions == d.made:
		d.refuse(spec, fmt.Sprintf("has %s, context.yaml says %d", has, want),
			fmt.Sprintf("%s was made with %d: put `partitions: %d` back; the number is fixed once there are records", d.context.Name, d.made, d.made))
	case f.Partitions > want && d.context.undivided(spec.Name): // Readers read all of it.
	case f.Partitions > want && d.made == want:
		d.advise(spec, fmt.Sprintf("has %s instead of %d: some were added", has, want), added(spec))
	case f.Partitions < want && !f.HasRecords && !d.writtenTo:
		d.add(Difference{
			Spec: spec, Severity: Safe, Problem: fmt.Sprintf("has %s instead of %d, and no records", has, want),
			Mend: d.apply(), AddPartitions: want - f.Partitions,
		})
	case f.HasRecords:
		d.refuse(spec, fmt.Sprintf("has %s instead of %d, and records", has, want),
			fmt.Sprintf("if %s was made with %d, put `partitions: %d` back; if others made this topic, move its records and delete it",
				d.context.Name, f.Partitions, f.Partitions))
	default:
		d.refuse(spec, fmt.Sprintf("has %s instead of %d, and no records", has, want),
			fmt.Sprintf("put `partitions: %d` into context.yaml, or delete the topic and run `%s`", f.Partitions, d.applyCommand()))
	}
}

// added says what comes of records on partitions beyond the context's.
func added(spec Spec) string {
	if strings.HasSuffix(spec.Name, ".commands") {
		return "commands that arrive there are forwarded to the partition of their entity"
	}
	return "they are ignored"
}

func (d *differ) compareCleanup(spec Spec, f Found) {
	want := spec.Config[CleanupPolicy]
	set := map[string]string{}
	var wrong []string
	insist := func(key, value string) {
		set[key] = value
		wrong = append(wrong, fmt.Sprintf("%s=%s instead of %s", key, f.Config[key], value))
	}
	if f.Config[CleanupPolicy] != want {
		insist(CleanupPolicy, want)
	}
	if want == compactPolicy {
		for _, key := range []string{RetentionMS, RetentionBytes} {
			if v := f.Config[key]; v != forever && v != "" {
				insist(key, forever)
			}
		}
		if v, err := strconv.ParseInt(f.Config[DeleteRetentionMS], 10, 64); err == nil && v < TombstoneRetention.Milliseconds() {
			insist(DeleteRetentionMS, millis(TombstoneRetention))
		}
	}
	if len(set) > 0 {
		d.add(Difference{Spec: spec, Severity: Safe, Problem: "has " + strings.Join(wrong, ", "), Mend: d.apply(), Set: set})
	}
	d.compareComfort(spec, f)
}

// compareComfort looks at settings that are odd, and may be meant.
func (d *differ) compareComfort(spec Spec, f Found) {
	if want := spec.Config[SegmentBytes]; want != "" && f.Config[SegmentBytes] != want {
		d.add(Difference{
			Spec: spec, Severity: Advice, Problem: fmt.Sprintf("has %s=%s instead of %s", SegmentBytes, f.Config[SegmentBytes], want),
			Mend: "take-over reads more than it needs: " + d.apply(), Set: map[string]string{SegmentBytes: want},
		})
	}
	if spec.Config[CleanupPolicy] != deletePolicy || spec.Config[RetentionMS] != forever {
		return
	}
	for _, key := range []string{RetentionMS, RetentionBytes} {
		if v := f.Config[key]; v != forever && v != "" {
			d.advise(spec, fmt.Sprintf("has %s=%s: its oldest records expire", key, v),
				"if that is not meant: kafka-configs.sh --alter --topic "+spec.Name+" --add-config "+key+"=-1")
		}
	}
}

func (d *differ) compareReplication(spec Spec, f Found) {
	least, err := strconv.Atoi(f.Config[MinInsyncReplicas])
	if err != nil || int(f.Replication) >= least {
		return
	}
	d.refuse(spec, fmt.Sprintf("has %s and %s=%d, so no write is accepted", plural(int(f.Replication), "replica"), MinInsyncReplicas, least),
		fmt.Sprintf("give it at least %d replicas with kafka-reassign-partitions.sh, or: kafka-configs.sh --alter --topic %s --add-config %s=%d",
			least, spec.Name, MinInsyncReplicas, f.Replication))
}

func (d *differ) add(diff Difference) { d.out = append(d.out, diff) }

func (d *differ) refuse(spec Spec, problem, mend string) {
	d.add(Difference{Spec: spec, Severity: Refuse, Problem: problem, Mend: mend})
}

func (d *differ) advise(spec Spec, problem, mend string) {
	d.add(Difference{Spec: spec, Severity: Advice, Problem: problem, Mend: mend})
}

func (d *differ) apply() string { return "run `" + d.applyCommand() + "`" }

func (d *differ) applyCommand() string {
	return "processor topics " + d.context.FolderShown() + " --apply"
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
