package control

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Versions are those of a table: it may be built anew beside the rows that are read, and be switched over to. They are numbered from 1, and no number is
// used twice: what a dropped version has left behind is never found by a later one. The zero value is version 1 alone.
type Versions struct {
	// live is the one that readers see, 0 for 1. building and old are 0 for none; last is the highest number that was ever used, 0 for 1.
	live, building, old, last int
}

// A Role is what a version is for.
type Role string

// The roles: there is a live version at all times, and beside it one at most that is being built, or that was live before.
const (
	Live     Role = "live"
	Building Role = "building"
	Old      Role = "old"
)

// A Version is one of a table's.
type Version struct {
	Number int
	Role   Role
}

// String is "2 (live)".
func (v Version) String() string { return fmt.Sprintf("%d (%s)", v.Number, v.Role) }

// LiveVersion is the number of the one that readers see.
func (v Versions) LiveVersion() int { return max(v.live, 1) }

// LastVersion is the highest number that was ever used.
func (v Versions) LastVersion() int { return max(v.last, 1) }

// All are the versions that there are, the live one first.
func (v Versions) All() []Version {
	all := []Version{{v.LiveVersion(), Live}}
	if v.building > 0 {
		all = append(all, Version{v.building, Building})
	}
	if v.old > 0 {
		all = append(all, Version{v.old, Old})
	}
	return all
}

// Beside is the version beside the live one; ok is false if there is none.
func (v Versions) Beside() (beside Version, ok bool) {
	all := v.All()
	return all[len(all)-1], len(all) > 1
}

// Gone are the numbers of versions that were dropped.
func (v Versions) Gone() []int {
	var gone []int
	for n := 1; n <= v.LastVersion(); n++ {
		if n != v.LiveVersion() && n != v.building && n != v.old {
			gone = append(gone, n)
		}
	}
	return gone
}

// Rebuilding has a new version be built.
func (v Versions) Rebuilding() (Versions, error) {
	switch {
	case v.building > 0:
		return v, fmt.Errorf("is being rebuilt already, as version %d: switch to that, or drop it", v.building)
	case v.old > 0:
		return v, fmt.Errorf("has its old version %d still: drop that first", v.old)
	case v.LastVersion() == mostVersions:
		return v, fmt.Errorf("has had %d versions: there are no more numbers", mostVersions)
	}
	v.last = v.LastVersion() + 1
	v.building = v.last
	return v, nil
}

// Switched makes the version that is being built the live one; the one before is kept.
func (v Versions) Switched() (Versions, error) {
	if v.building == 0 {
		return v, errors.New("is not being rebuilt: there is nothing to switch to")
	}
	v.live, v.building, v.old = v.building, 0, v.LiveVersion()
	return v, nil
}

// Dropped gives up the version beside the live one, whose number it returns.
func (v Versions) Dropped() (Versions, int, error) {
	beside, ok := v.Beside()
	if !ok {
		return v, 0, fmt.Errorf("has version %d alone, which is live: there is nothing to drop", v.LiveVersion())
	}
	v.building, v.old = 0, 0
	return v, beside.Number, nil
}

// mostVersions bounds what a wrong record can have this program look for.
const mostVersions = 100_000

// versionsOf refuses what no operator can have wanted.
func versionsOf(l layout) (Versions, error) {
	for _, n := range []int{l.Live, l.Building, l.Old, l.Last} {
		if n < 0 || n > mostVersions {
			return Versions{}, fmt.Errorf("version %d: they count from 1 to %d", n, mostVersions)
		}
	}
	v := Versions{live: l.Live, building: l.Building, old: l.Old, last: l.Last}
	switch live := v.LiveVersion(); {
	case v.building > 0 && v.old > 0:
		return v, fmt.Errorf("versions %d and %d beside the live one: there is one at most", v.building, v.old)
	case v.building == live || v.old == live:
		return v, fmt.Errorf("version %d is live, and something else", live)
	case max(live, v.building, v.old) > v.LastVersion():
		return v, fmt.Errorf("version %d is above the last, %d", max(live, v.building, v.old), v.LastVersion())
	}
	return v, nil
}

const versionMark = ".v"

// Component is the name of the component that is a version of a projection: that of the projection itself for version 1, as for one without versions.
func Component(projection string, version int) string {
	if version == 1 {
		return projection
	}
	return projection + versionMark + strconv.Itoa(version)
}

// VersionOf is what [Component] made the name of. What is no version of a projection is version 1 of itself.
func VersionOf(component string) (projection string, version int) {
	name, digits, ok := strings.Cut(component, versionMark)
	if n, err := strconv.Atoi(digits); ok && err == nil && n > 1 && Component(name, n) == component {
		return name, n
	}
	return component, 1
}
