package cli

import "encoding/json"

// writeJSON writes v on one line, letters as they are: this is no HTML.
func (a *app) writeJSON(v any) error {
	encoder := json.NewEncoder(a.out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}
