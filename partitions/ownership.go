package partitions

import "sync"

// ownership is one stay of a shard with this process: from an assignment to the revocation or loss that ends it. A shard that comes back has a
// new one.
type ownership struct {
	// memberID is the one the shard was assigned under. kgo may turn an eviction into a revocation under a fresh member id and a valid
	// generation; the broker checks member and generation but not who owns what, so a window decided before would commit beside the new
	// owner's. Hence no fence is ever sent under another member id than this.
	memberID string

	once sync.Once
	// lost is closed when the shard is taken away: from then on nothing of it may be committed or applied.
	lost chan struct{}
}

func newOwnership(memberID string) *ownership {
	return &ownership{memberID: memberID, lost: make(chan struct{})}
}

// lose ends the ownership; it may be called again.
func (o *ownership) lose() { o.once.Do(func() { close(o.lost) }) }

func (o *ownership) isLost() bool {
	select {
	case <-o.lost:
		return true
	default:
		return false
	}
}
