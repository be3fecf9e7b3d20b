package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/partita-io/partita/kafka/records"
	"github.com/partita-io/partita/partitions"
)

// statePath is where a running context answers what its stores hold: GET /state?component=cart&key=c1. The body is the stored value as it is.
const statePath = "/state"

// stateHandler answers 200 with the value, of a projection that of its live version; 503 while it is not known which that is; 404 if the store has none; 421 if the key's shard does not run here.
func stateHandler(views *partitions.Views, componentOf func(name string) (string, error), shards int32) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		component, key := r.URL.Query().Get("component"), r.URL.Query().Get("key")
		if component == "" || key == "" {
			http.Error(w, "want "+statePath+"?component=NAME&key=KEY", http.StatusBadRequest)
			return
		}
		component, err := componentOf(component)
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		value, here, err := views.Get(component, []byte(key), shards)
		switch {
		case err != nil:
			http.Error(w, err.Error(), http.StatusInternalServerError)
		case !here:
			http.Error(w, fmt.Sprintf("shard %d of %s does not run here", records.Partition([]byte(key), shards), component), http.StatusMisdirectedRequest)
		case value == nil:
			http.Error(w, fmt.Sprintf("%s has nothing of %s", component, key), http.StatusNotFound)
		default:
			w.Header().Set("Content-Type", "application/octet-stream")
			_, _ = w.Write(value) // Who asked is gone, if this fails.
		}
	}
}

// ErrNotHere says that the process asked does not run the key's shard (any more).
var ErrNotHere = errors.New("the shard does not run there")

// maxStored bounds what is read from another process; a stored value is at most a Kafka record.
const maxStored = 64 << 20

// AskOwner asks the process at address, host:port, for the committed value of key in a component's store; nil if there is none.
func AskOwner(ctx context.Context, address, component, key string) ([]byte, error) {
	query := url.Values{"component": {component}, "key": {key}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+statePath+"?"+query.Encode(), nil)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", address, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", address, err)
	}
	defer func() { _ = resp.Body.Close() }() // It was read.
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxStored))
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", address, err)
	}
	switch resp.StatusCode {
	case http.StatusOK:
		return body, nil
	case http.StatusNotFound:
		return nil, nil
	case http.StatusMisdirectedRequest:
		return nil, fmt.Errorf("asking %s: %w", address, ErrNotHere)
	}
	return nil, fmt.Errorf("asking %s: %s: %.200s", address, resp.Status, body)
}
