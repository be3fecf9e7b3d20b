package spelling_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/partita-io/partita/internal/spelling"
)

func TestASlipOfThePenIsNear(t *testing.T) {
	known := []string{"quantity", "price_cents", "sku", "customer_id"}
	for wrong, meant := range map[string]string{
		"quantty": "quantity", "uqantity": "quantity", "Quantity": "quantity", "sky": "sku", "sk": "sku",
		"colour": "", "": "", "zzz": "", strings.Repeat("q", 1000): "",
	} {
		require.Equal(t, meant, spelling.Nearest(wrong, known), wrong)
	}
}

func TestAnAbbreviationIsMeantIfOfOneNameOnly(t *testing.T) {
	known := []string{"quantity", "customer_id", "customer_name"}
	for wrong, meant := range map[string]string{"qty": "quantity", "quant": "quantity", "customer": "", "qy": "", "ytq": ""} {
		require.Equal(t, meant, spelling.Nearest(wrong, known), wrong)
	}
	require.Equal(t, " (did you mean quantity?)", spelling.DidYouMean("qty", known))
	require.Empty(t, spelling.DidYouMean("customer", known))
}

func TestOfEquallyNearNamesTheFirstIsTaken(t *testing.T) {
	require.Equal(t, "cart", spelling.Nearest("dart", []string{"cart", "mart"}))
}
