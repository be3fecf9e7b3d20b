package service

import (
	"encoding/json"
	"net/http"

	"github.com/partita-io/partita/replicated"
)

// replicatedPath is where a running context answers what it knows of replicated values: GET /replicated, of all, or /replicated?name=visitors.
const replicatedPath = "/replicated"

// replicatedHandler answers 200 with one value, or a list of all; 404 if the context declares none of the name; 503 before all is known that was there
// when the process began.
func replicatedHandler(values *replicated.Values) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Query().Get("name")
		switch {
		case values == nil:
			http.Error(w, "the context declares no replicated values", http.StatusNotFound)
		case !values.Level():
			http.Error(w, "the topic of replicated values is not read to its end yet", http.StatusServiceUnavailable)
		case name == "":
			answerJSON(w, values.ShowAll())
		default:
			shown, err := values.Show(name)
			if err != nil {
				http.Error(w, err.Error(), http.StatusNotFound)
				return
			}
			answerJSON(w, shown)
		}
	}
}

func answerJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v) // Who asked is gone, if this fails.
}
