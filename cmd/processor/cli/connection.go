package cli

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/partita-io/partita/internal/embedded"
	"github.com/partita-io/partita/kafka/client"
)

// connection is how brokers are reached.
type connection struct {
	brokers                                           []string
	tls                                               bool
	tlsCA                                             string
	mechanism, user, password, passwordFile, registry string
}

func (c *connection) addFlags(flags *pflag.FlagSet) {
	flags.StringSliceVar(&c.brokers, "brokers", nil, "host:port of brokers, separated by commas")
	flags.BoolVar(&c.tls, "tls", false, "encrypt connections to brokers")
	flags.StringVar(&c.tlsCA, "tls-ca", "", "file of the certificates to trust, PEM; the system's by default; implies --tls")
	flags.StringVar(&c.mechanism, "sasl-mechanism", "", "plain, scram-sha-256 or scram-sha-512")
	flags.StringVar(&c.user, "sasl-user", "", "user to authenticate as")
	flags.StringVar(&c.password, "sasl-password", "", "password; others can see it in the list of processes: prefer the file or PARTITA_SASL_PASSWORD")
	flags.StringVar(&c.passwordFile, "sasl-password-file", "", "file that holds the password")
	addRegistryFlag(flags, &c.registry)
}

func addRegistryFlag(flags *pflag.FlagSet, registry *string) {
	flags.StringVar(registry, "registry", "", "`URL` of the schema registry, for encoding: confluent")
}

// config is for commands that cannot do without brokers and look for none by themselves.
func (c *connection) config() (client.Config, error) {
	if len(c.brokers) == 0 {
		return client.Config{}, wrongUsage("no brokers: give --brokers host:port, or set %s", environmentName("brokers"))
	}
	cfg := client.Config{Brokers: c.brokers, ID: "partita-cli"}
	var errs [2]error
	cfg.TLS, errs[0] = c.tlsConfig()
	cfg.SASL, errs[1] = c.saslMechanism()
	return cfg, errors.Join(errs[:]...)
}

// typed is --brokers as it has to be typed again; nothing if they come from the environment or of a running `processor dev`.
func (c *connection) typed() string {
	brokers := strings.Join(c.brokers, ",")
	if brokers == "" || brokers == os.Getenv(environmentName("brokers")) {
		return ""
	}
	return " --brokers " + brokers
}

// configFor takes the brokers of a running `processor dev` of the folder when none are given.
func (c *connection) configFor(folder string) (client.Config, error) {
	if len(c.brokers) > 0 {
		return c.config()
	}
	dev, ok, err := embedded.Find(folder)
	if err != nil {
		return client.Config{}, err
	}
	if !ok {
		return client.Config{}, wrongUsage("no brokers: start `processor dev %s`, give --brokers host:port, or set %s", folder, environmentName("brokers"))
	}
	return client.Config{Brokers: []string{dev.Broker}, ID: "partita-cli"}, nil
}

func (c *connection) tlsConfig() (*tls.Config, error) {
	if !c.tls && c.tlsCA == "" {
		return nil, nil
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.tlsCA == "" {
		return cfg, nil
	}
	pem, err := os.ReadFile(c.tlsCA)
	if err != nil {
		return nil, fmt.Errorf("--tls-ca: %w", err)
	}
	cfg.RootCAs = x509.NewCertPool()
	if !cfg.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("--tls-ca: %s holds no certificate in PEM", c.tlsCA)
	}
	return cfg, nil
}

func (c *connection) saslMechanism() (sasl.Mechanism, error) {
	if c.mechanism == "" {
		if c.user != "" || c.password != "" || c.passwordFile != "" {
			return nil, wrongUsage("--sasl-user and a password need --sasl-mechanism (plain, scram-sha-256 or scram-sha-512)")
		}
		return nil, nil
	}
	password := c.password
	if c.passwordFile != "" {
		b, err := os.ReadFile(c.passwordFile)
		if err != nil {
			return nil, fmt.Errorf("--sasl-password-file: %w", err)
		}
		password = strings.TrimRight(string(b), "\r\n")
	}
	if c.user == "" || password == "" {
		return nil, wrongUsage("--sasl-mechanism needs --sasl-user and --sasl-password-file (or %s)", environmentName("sasl-password"))
	}
	switch strings.ToLower(c.mechanism) {
	case "plain":
		return plain.Auth{User: c.user, Pass: password}.AsMechanism(), nil
	case "scram-sha-256":
		return scram.Auth{User: c.user, Pass: password}.AsSha256Mechanism(), nil
	case "scram-sha-512":
		return scram.Auth{User: c.user, Pass: password}.AsSha512Mechanism(), nil
	}
	return nil, wrongUsage("--sasl-mechanism %s: there are plain, scram-sha-256 and scram-sha-512", c.mechanism)
}
