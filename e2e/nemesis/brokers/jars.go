package brokers

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed pom.xml
var pom []byte

// Jars is an Apache Kafka that can be started.
type Jars struct {
	Version string
	dir     string
	java    string
}

// FindJars returns the jars of a version: those of home, an unpacked distribution, or, when home is empty, those that Maven brings into the
// user's cache.
func FindJars(ctx context.Context, version, home string) (*Jars, error) {
	java, err := findJava()
	if err != nil {
		return nil, err
	}
	if home != "" {
		dir := filepath.Join(home, "libs")
		if found, _ := filepath.Glob(filepath.Join(dir, "kafka_*-"+version+".jar")); len(found) == 0 {
			return nil, fmt.Errorf("KAFKA_HOME: %s holds no Kafka %s: name the version that it holds, or another distribution", dir, version)
		}
		return &Jars{Version: version, dir: dir, java: java}, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(cache, "partita", "kafka-"+version)
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		if err := fetch(ctx, version, dir); err != nil {
			return nil, err
		}
	}
	return &Jars{Version: version, dir: dir, java: java}, nil
}

func findJava() (string, error) {
	if home := os.Getenv("JAVA_HOME"); home != "" {
		return filepath.Join(home, "bin", "java"), nil
	}
	java, err := exec.LookPath("java")
	if err != nil {
		return "", fmt.Errorf("a JDK of 17 or newer is needed, as JAVA_HOME or on the PATH: %w", err)
	}
	return java, nil
}

// fetch fills dir at once, so that jars which are only half there are never taken for a Kafka.
func fetch(ctx context.Context, version, dir string) (err error) {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp(filepath.Dir(dir), "fetching-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	file := filepath.Join(work, "pom.xml")
	if err := os.WriteFile(file, pom, 0o600); err != nil {
		return err
	}
	backend := "log4j2"
	if strings.HasPrefix(version, "3.") {
		backend = "reload4j"
	}
	jars := filepath.Join(work, "jars")
	mvn := exec.CommandContext(ctx, "mvn", "-q", "-B", "-f", file, "-P", backend, "-Dkafka.version="+version,
		"org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies", "-DoutputDirectory="+jars, "-DincludeScope=runtime")
	if out, err := mvn.CombinedOutput(); err != nil {
		return fmt.Errorf("fetching Kafka %s with Maven (or set KAFKA_HOME): %w\n%s", version, err, out)
	}
	return os.Rename(jars, dir)
}

// command is a class of Kafka, in a JVM with these options.
func (j *Jars) command(ctx context.Context, logging string, options []string, class string, args ...string) *exec.Cmd {
	argv := append([]string{
		"-Dlog4j2.configurationFile=" + filepath.Join(logging, "log4j2.properties"),
		"-Dlog4j.configuration=file:" + filepath.Join(logging, "log4j.properties"),
		// A node that starts once a minute never pays for the second compiler.
		"-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
	}, options...)
	argv = append(argv, "-cp", filepath.Join(j.dir, "*"), class)
	return exec.CommandContext(ctx, j.java, append(argv, args...)...)
}
