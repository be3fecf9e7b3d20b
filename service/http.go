package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"
)

const (
	// headerTimeout keeps slow or silent connections from staying for ever.
	headerTimeout = 10 * time.Second
	// goodbye is how long requests under way may take when the service ends.
	goodbye = 500 * time.Millisecond
)

// listen binds address. With fallback, a taken port is replaced by a free one.
func listen(ctx context.Context, address string, fallback bool) (net.Listener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if fallback && errors.Is(err, syscall.EADDRINUSE) {
		host, _, _ := net.SplitHostPort(address) // It was good enough to listen on.
		l, err = config.Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("metrics and health: %w: choose another address with --http", err)
	}
	if err != nil {
		return nil, fmt.Errorf("metrics and health: %w", err)
	}
	return l, nil
}

// serveHTTP serves until the result is called.
func serveHTTP(l net.Listener, handler http.Handler, logger *slog.Logger) (stop func(ctx context.Context)) {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: headerTimeout, ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			logger.Error("metrics and health are not served any more", slog.String("error", err.Error()))
		}
	}()
	return func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			_ = server.Close() // Whoever still asks has waited long enough.
		}
		<-done
	}
}

// reachable is where other processes find a listener: advertised if that is given, else this machine's name and the port.
func reachable(l net.Listener, advertised, hostname string) string {
	if advertised != "" {
		return advertised
	}
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return ""
	}
	ip := net.ParseIP(host)
	switch {
	case ip == nil || ip.IsUnspecified():
		host = hostname
	case ip.IsLoopback():
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}
