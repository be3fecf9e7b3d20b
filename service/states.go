package service

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/partitions"
)

// statesPath is where a running context answers what a store holds, page by page: GET /states?component=cart&shard=3&from=6331&bytes=1048576. from is
// the first key, in hexadecimal. The body is of this version only: both sides are the same program.
const statesPath = "/states"

// maxPageBytes bounds a page beside its last entry.
const maxPageBytes = 4 << 20

// statesHandler answers 200 with a page; 421 if the shard does not run here.
func statesHandler(views *partitions.Views) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		component := q.Get("component")
		shard, errShard := strconv.ParseInt(q.Get("shard"), 10, 32)
		from, errFrom := hex.DecodeString(q.Get("from"))
		most, errBytes := strconv.Atoi(q.Get("bytes"))
		if component == "" || errors.Join(errShard, errFrom, errBytes) != nil {
			http.Error(w, "want "+statesPath+"?component=NAME&shard=N&from=HEX&bytes=N", http.StatusBadRequest)
			return
		}
		page, here, err := views.Page(component, int32(shard), from, min(most, maxPageBytes))
		switch {
		case err != nil:
			http.Error(w, err.Error(), http.StatusInternalServerError)
		case !here:
			http.Error(w, fmt.Sprintf("shard %d of %s does not run here", shard, component), http.StatusMisdirectedRequest)
		default:
			w.Header().Set("Content-Type", "application/octet-stream")
			_, _ = w.Write(appendPage(nil, page)) // Who asked is gone, if this fails.
		}
	}
}

// AskStates asks the process at address, host:port, for what the store of a component's task on a shard holds from a key on, until it is so many
// bytes: one entry at least if there is any.
func AskStates(ctx context.Context, address, component string, shard int32, from []byte, mostBytes int) (partitions.Page, error) {
	page, err := askStates(ctx, address, url.Values{
		"component": {component}, "shard": {strconv.Itoa(int(shard))}, "from": {hex.EncodeToString(from)}, "bytes": {strconv.Itoa(mostBytes)},
	})
	if err != nil {
		return partitions.Page{}, fmt.Errorf("asking %s: %w", address, err)
	}
	return page, nil
}

func askStates(ctx context.Context, address string, query url.Values) (partitions.Page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+statesPath+"?"+query.Encode(), nil)
	if err != nil {
		return partitions.Page{}, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return partitions.Page{}, err
	}
	defer func() { _ = resp.Body.Close() }() // It was read.
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxPageBytes+maxStored))
	if err != nil {
		return partitions.Page{}, err
	}
	switch resp.StatusCode {
	case http.StatusOK:
		return parsePage(body)
	case http.StatusMisdirectedRequest:
		return partitions.Page{}, ErrNotHere
	case http.StatusNotFound:
		return partitions.Page{}, errors.New("it is of a version that does not tell what its stores hold")
	}
	return partitions.Page{}, fmt.Errorf("%s: %.200s", resp.Status, body)
}

// appendPage writes a page: position, 1 for the last one, then the entries, each key and value with their lengths before them.
func appendPage(dst []byte, p partitions.Page) []byte {
	dst = binary.AppendUvarint(dst, uint64(p.Position))
	last := byte(0)
	if p.Last {
		last = 1
	}
	dst = append(dst, last)
	for _, e := range p.Entries {
		dst = append(binary.AppendUvarint(dst, uint64(len(e.Key))), e.Key...)
		dst = append(binary.AppendUvarint(dst, uint64(len(e.Value))), e.Value...)
	}
	return dst
}

var errPage = errors.New("its page of states ends in the middle")

// parsePage reads what appendPage writes. The entries refer to b.
func parsePage(b []byte) (partitions.Page, error) {
	position, n := binary.Uvarint(b)
	if n <= 0 || position > 1<<62 || len(b) == n || b[n] > 1 {
		return partitions.Page{}, errPage
	}
	p := partitions.Page{Position: records.Position(position), Last: b[n] == 1}
	for b = b[n+1:]; len(b) > 0; {
		var e partitions.Entry
		var okKey, okValue bool
		if e.Key, b, okKey = cutField(b); okKey {
			e.Value, b, okValue = cutField(b)
		}
		if !okValue {
			return partitions.Page{}, errPage
		}
		p.Entries = append(p.Entries, e)
	}
	return p, nil
}

func cutField(b []byte) (field, rest []byte, ok bool) {
	length, n := binary.Uvarint(b)
	if n <= 0 || length > uint64(len(b)-n) {
		return nil, nil, false
	}
	end := n + int(length)
	return b[n:end], b[end:], true
}
