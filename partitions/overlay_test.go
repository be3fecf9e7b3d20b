package partitions

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/kafka/records"
)

// However often a key was put, its copy is one record with the last value; it is none if the last word on the key has none.
func TestACopyIsOneRecordOfAWindow(t *testing.T) {
	w := newWindow(records.Window{}, time.UnixMilli(0))
	task := &task{component: &Component{Name: "cart", Changelog: "shop.cart.changelog"}, shard: &shard{number: 3}}
	v := &view{part: w.partOf(task)}
	last := &Record{}
	to := &Copy{Topic: "shop.replicated", Key: []byte("visitors/cart/3")}
	for _, value := range []string{"1", "2"} {
		v.PutCopied(&Record{}, []byte("visitors"), []byte(value), to)
		v.PutCopied(&Record{}, []byte("taken back"), []byte(value), &Copy{Topic: "shop.replicated", Key: []byte("other")})
	}
	v.Put(&Record{}, []byte("alone"), []byte("9"), nil)
	before := v.part.bytes
	v.PutCopied(last, []byte("visitors"), []byte("3"), to)
	require.Equal(t, before, v.part.bytes, "the same again, and as long")
	v.Delete(last, []byte("taken back"), nil)
	w.close("shop.progress", 7)
	var written []string
	for _, o := range w.waiting {
		written = append(written, o.record.Topic+" "+string(o.record.Key)+"="+string(o.record.Value))
		if o.kind == OutputReplicated {
			require.Equal(t, last, o.cause)
			require.EqualValues(t, 3, o.record.Partition)
		}
	}
	require.Equal(t, []string{
		"shop.cart.changelog visitors=3", "shop.replicated visitors/cart/3=3", "shop.cart.changelog taken back=", "shop.cart.changelog alone=9",
	}, written)
	w.collect(v.part)
	require.Equal(t, 3*changeOverhead+outputOverhead+len("visitors3visitors/cart/3taken back"+"alone9"), w.bytes)
}
